PRAGMA application_id = 1919447667;
BEGIN TRANSACTION;
CREATE TABLE erasure (seq INTEGER PRIMARY KEY AUTOINCREMENT, owed_since TEXT NOT NULL);
CREATE TABLE migration (seq INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, ran TEXT NOT NULL);
INSERT INTO "migration" VALUES(1,'m001_initial','2026-11-22T10:41:17.544+00:00');
CREATE TABLE rehearsal (
        id TEXT PRIMARY KEY NOT NULL,
        title TEXT NOT NULL,
        son TEXT NOT NULL,
        situation TEXT NOT NULL,
        scenario TEXT NOT NULL,
        created TEXT NOT NULL,
        touched TEXT NOT NULL,
        touch INTEGER NOT NULL,
        ended TEXT,
        leaf_id TEXT,
        FOREIGN KEY (id, leaf_id) REFERENCES turn (rehearsal_id, id)
    );
INSERT INTO "rehearsal" VALUES('add0b953d6534588a034b3ea73ac1693','Missed calls','Daniel','He has not called since spring.','{"son": {"name": "Daniel", "age": 24, "stage": "nurse in Leeds", "temperament": "guarded"}, "situation": "He has not called since spring.", "hope": "That he tells me how he is.", "openness": 2, "speaks_first": "mother", "opening": "", "id": "own", "title": "Missed calls", "teaser": "", "practice": null}','2026-11-22T10:41:17.569+00:00','2026-11-22T10:41:17.680+00:00',7,'2026-11-22T10:41:17.679+00:00','t4');
INSERT INTO "rehearsal" VALUES('81072994d63943439660862bff412758','Sunday','Ben','','{"son": {"name": "Ben", "age": null, "stage": "", "temperament": ""}, "situation": "", "hope": "", "openness": 2, "speaks_first": "mother", "opening": "", "id": "own", "title": "", "teaser": "", "practice": null}','2026-11-22T10:41:17.685+00:00','2026-11-22T10:41:17.685+00:00',8,NULL,NULL);
CREATE TABLE turn (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        rehearsal_id TEXT NOT NULL REFERENCES rehearsal (id) ON DELETE CASCADE,
        parent_id TEXT,
        speaker TEXT NOT NULL CHECK (speaker IN ('mother', 'son')),
        text TEXT NOT NULL,
        openness INTEGER NOT NULL CHECK (openness BETWEEN 1 AND 5),
        reason TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('complete', 'partial', 'stopped')),
        label TEXT NOT NULL,
        created TEXT NOT NULL,
        UNIQUE (rehearsal_id, id),
        FOREIGN KEY (rehearsal_id, parent_id) REFERENCES turn (rehearsal_id, id)
    );
INSERT INTO "turn" VALUES(1,'t1','add0b953d6534588a034b3ea73ac1693',NULL,'mother','You never call me anymore.',1,'She spoke of what he fails to do.','complete','','2026-11-22T10:41:17.586+00:00');
INSERT INTO "turn" VALUES(2,'t2','add0b953d6534588a034b3ea73ac1693','t1','son','Right.',1,'','complete','','2026-11-22T10:41:17.604+00:00');
INSERT INTO "turn" VALUES(3,'t3','add0b953d6534588a034b3ea73ac1693',NULL,'mother','I miss our talks, José’s Straße and all.',4,'','complete','softer','2026-11-22T10:41:17.626+00:00');
INSERT INTO "turn" VALUES(4,'t4','add0b953d6534588a034b3ea73ac1693','t3','son','It’s been ages, I kn',4,'','partial','','2026-11-22T10:41:17.642+00:00');
INSERT INTO "turn" VALUES(5,'t5','add0b953d6534588a034b3ea73ac1693','t3','son','Me too.',4,'','stopped','','2026-11-22T10:41:17.659+00:00');
CREATE TABLE turn_report (
        turn_id TEXT PRIMARY KEY NOT NULL REFERENCES turn (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
        body TEXT NOT NULL
    );
INSERT INTO "turn_report" VALUES('t1','{"text": "You never call me anymore.", "flagged": true, "score": 0.9, "kinds": ["absolute"], "findings": [], "strengths": []}');
CREATE INDEX rehearsal_touched ON rehearsal (touched, touch);
CREATE INDEX rehearsal_touch ON rehearsal (touch);
CREATE INDEX turn_parent ON turn (rehearsal_id, parent_id);
CREATE TRIGGER turn_never_changes BEFORE UPDATE ON turn
    WHEN NOT (
        NEW.seq IS OLD.seq AND NEW.id IS OLD.id AND NEW.rehearsal_id IS OLD.rehearsal_id
        AND NEW.parent_id IS OLD.parent_id AND NEW.speaker IS OLD.speaker AND NEW.reason IS OLD.reason
        AND NEW.created IS OLD.created
        AND (
            OLD.state = 'partial'
            OR (NEW.text IS OLD.text AND NEW.openness IS OLD.openness AND NEW.state IS OLD.state)
        )
    )
    BEGIN SELECT RAISE(ABORT, 'a turn never changes'); END;
CREATE TRIGGER turn_never_leaves BEFORE DELETE ON turn
    WHEN EXISTS (SELECT 1 FROM rehearsal WHERE id = OLD.rehearsal_id)
    BEGIN SELECT RAISE(ABORT, 'a turn never changes'); END;
CREATE TRIGGER report_comes_with_its_turn BEFORE INSERT ON turn_report
    WHEN EXISTS (SELECT 1 FROM turn WHERE id = NEW.turn_id)
    BEGIN SELECT RAISE(ABORT, 'a turn never changes'); END;
CREATE TRIGGER report_never_changes BEFORE UPDATE ON turn_report
    BEGIN SELECT RAISE(ABORT, 'a turn never changes'); END;
CREATE TRIGGER report_never_leaves BEFORE DELETE ON turn_report
    WHEN EXISTS (SELECT 1 FROM turn WHERE id = OLD.turn_id)
    BEGIN SELECT RAISE(ABORT, 'a turn never changes'); END;
DELETE FROM "sqlite_sequence";
COMMIT;
