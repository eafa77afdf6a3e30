# make start opens the room, make test runs every test; the first call of either sets everything up in .venv.
# All paths are relative, because make changes into this folder first (`make -C FOLDER` too) and its name may hold a space.

# The first Python that fits; PYTHON=... chooses another.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11 python3.10 python; do \
	"$$each" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo "$$each" && break; done)

RUN = .venv/bin/python

# Nothing here reports usage or asks a model hub for anything. `rehearse voices pull` goes online by itself, when asked to.
export GRADIO_ANALYTICS_ENABLED := False
export HF_HUB_DISABLE_TELEMETRY := 1
export HF_HUB_OFFLINE := 1
export TOKENIZERS_PARALLELISM := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# An environment whose Python is gone (moved, or removed by an update) is made anew.
BROKEN = $(shell $(RUN) -c '' 2>/dev/null || echo again)

.DEFAULT_GOAL := help
.PHONY: help start test fuzz soak check fix docs bench evaluate screenshots audit lock clean again
again:

help: ## show this list
	@echo "rehearse: practise a talk with your son before you have it"
	@echo
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)$$/\1|\2/p' Makefile | while IFS='|' read -r name does; do \
		printf '  make %-12s %s\n' "$$name" "$$does"; done
	@echo
	@echo "  PYTHON=...        which Python to set up with (3.10 to 3.13), as in: make start PYTHON=python3.12"
	@echo "  SOAK_MINUTES=...  how long make soak lets each voice go on, as in: make soak SOAK_MINUTES=2"

start: .venv/.installed ## open the room in the browser
	@exec $(RUN) app.py

test: .venv/.installed-test ## run every test
	@$(RUN) -m pytest -n 2 --dist loadfile

fuzz: .venv/.installed-test ## try more than ten thousand odd files, lines, scenes and settings
	@FUZZ_CASES=1500 $(RUN) -m pytest tests/test_fuzz.py --timeout=3600

soak: .venv/.installed-test ## let fifty rehearsals go on at once for ten minutes, and four on the real voice
	@$(RUN) tests/soak.py

check: .venv/.installed-dev ## look for faults without changing anything
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
	$(RUN) -m cogapp --check docs/*.md

fix: .venv/.installed-dev ## repair what can be repaired by itself
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .
	$(RUN) -m cogapp -r docs/*.md

docs: .venv/.installed-dev ## write the generated parts of docs/ again
	$(RUN) -m cogapp -r docs/*.md

bench: .venv/.installed-lab ## measure how fast the app is on this computer
	@$(RUN) -m rehearse bench

evaluate: .venv/.installed-lab ## measure how good the check, the son and the rewording are
	@for what in tone son reword; do $(RUN) -m rehearse evaluate $$what || exit; done

screenshots: .venv/.installed-test ## take the pictures of docs/ again (needs Chromium)
	@$(RUN) tests/screenshots.py

audit: .venv/.installed-audit ## ask whether a fault is known in any package here (goes online)
	@$(RUN) tests/lock.py --installed > .venv/asked.txt
	@# Strictly: a package that the database was not asked about is no all-clear.
	@$(RUN) -m pip_audit --strict --disable-pip --no-deps -r .venv/asked.txt

lock: .venv/.installed ## write down every package with its SHA-256, for this Python and system
	@$(RUN) -m pip install --quiet --dry-run --ignore-installed --report .venv/report.json .
	@$(RUN) tests/lock.py .venv/report.json > .venv/installed.lock
	@echo "Written to .venv/installed.lock; docs/dependencies.md says what it is good for."

clean: ## remove the environment and everything that was built; your talks stay
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find rehearse tests -name __pycache__ -type d -prune -exec rm -rf {} +

# -- setting up ---------------------------------------------------------------------------------------------------------
# Each .venv/.installed* file is written last, so one that is there stands for an installation that went through.

.venv/.installed: pyproject.toml $(BROKEN)
	@set -e; \
	fail() { echo "$$1" >&2; exit 1; }; \
	"$(PYTHON)" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] < (3, 14))' 2>/dev/null || \
		fail "rehearse needs Python 3.10, 3.11, 3.12 or 3.13: install one, or name it with make PYTHON=/path/to/python."; \
	"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || \
		fail "This Python cannot make environments: install its venv module (on Debian and Ubuntu: sudo apt install python3-venv) and try again."; \
	case "$$PIP_EXTRA_INDEX_URL" in *llama-cpp-python*) prebuilt=yes;; *) prebuilt=;; esac; \
	test -n "$$prebuilt" || command -v "$${CXX:-c++}" >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null || \
		fail "No C++ compiler was found: install one (Debian and Ubuntu: sudo apt install g++; macOS: xcode-select --install), or use a prebuilt llama-cpp-python as README.md says."; \
	rm -f .venv/.installed*; \
	$(RUN) -c 'import pip' 2>/dev/null || { rm -rf .venv; "$(PYTHON)" -m venv .venv; }; \
	quiet=; \
	if $(RUN) -c 'import importlib.util as u, sys; sys.exit(u.find_spec("llama_cpp") is None)'; then \
		echo "Bringing .venv up to date."; quiet=--quiet; \
	else \
		echo "Setting up in .venv. This happens once and takes about 2 GB of disk."; \
		test -n "$$prebuilt" || echo "llama.cpp is compiled for this computer on the way: about five minutes in which little seems to happen."; \
	fi; \
	$(RUN) -m pip install $$quiet --editable . || \
		fail "The set-up did not go through; the reason stands above. Running the same command again goes on from here."; \
	touch .venv/.installed

.venv/.installed-%: .venv/.installed
	@echo "Adding what \"make $(firstword $(MAKECMDGOALS))\" needs."
	@$(RUN) -m pip install --quiet --editable '.[$*]' || \
		{ echo "The set-up did not go through; the reason stands above. Running the same command again goes on from here." >&2; exit 1; }
	@touch $@
