# `make` alone lists the verbs. PYTHON chooses which Python makes .venv; ARGS goes to pytest or to the bench.
PYTHON ?= python3
OWN_FORMS = $(COUNTERFOIL_FORMS)$(wildcard forms.toml forms/forms.toml)
FORMS ?= $(or $(COUNTERFOIL_FORMS),$(firstword $(wildcard forms.toml forms/forms.toml)),forms.example.toml)
BIN = .venv/bin
RUN = .run
CODE = shared gateway storage-service notify-service deploy tools tests
# Four at once on two processors: most tests wait for a server. tests/support/schedule.py says who has which tests.
PARALLEL = --numprocesses=4 --dist=loadscope
# Fewer where each has whole installations of its own: on a slow machine they would keep each other from their deadlines.
UNDER_LOAD = --numprocesses=3 --dist=loadscope
# What takes longest, and has a verb of its own.
WHOLE = tests/e2e tests/clients
PREPARE = PYTHONPATH=tools $(PYTHON) -m dev.prepare
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --no-emit-package counterfoil-shared

# Tests start Python a thousand times: what it has compiled is kept, whatever the environment says.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL = help
.PHONY: help run key import forms-check test test-e2e test-kills test-faults test-deliveries test-import test-clock test-compose test-proxies fuzz soak pictures lint linted format snippet lock bench backup restore clean delete-data

help: ## list the verbs
	@grep -hE '^[a-z0-9-]+:.*## ' Makefile | sed 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r verb what; do \
		printf '  make %-12s %s\n' "$$verb" "$$what"; done

run: ## start everything here, until Ctrl-C (PORT=8081 for another port)
	@$(PREPARE) run && exec $(BIN)/python -m dev.run

key: ## make a key for /v1, shown once (NAME=reports SCOPES=read,export; narrower with FORM=contact, DAYS=90)
	@test -n "$(NAME)" || { echo "A key needs a name: make key NAME=reports SCOPES=read,export" >&2; exit 2; }
	@$(PREPARE) forms
	@test -f "$(RUN)/storage.env" || { echo "There is nothing to make a key for: start make run first" >&2; exit 2; }
	@set -a; . "$(abspath $(RUN))/storage.env"; COUNTERFOIL_FORMS="$${COUNTERFOIL_FORMS:-$(FORMS)}" exec $(BIN)/python -m storage_service key add "$(NAME)" \
		--scopes "$(or $(SCOPES),read)" $(if $(FORM),--forms "$(FORM)") $(if $(DAYS),--days "$(DAYS)")

import: ## take over what another form service has (FILE=export.csv FROM=formspree FORM=contact ARGS=--dry-run)
	@test -n "$(FILE)" -a -n "$(FROM)" || { echo "Name the file and where it is from: make import FILE=export.csv FROM=formspree FORM=contact" >&2; exit 2; }
	@$(PREPARE) forms
	@test -f "$(RUN)/storage.env" || { echo "There is nothing to import into: start make run first" >&2; exit 2; }
	@set -a; . "$(abspath $(RUN))/storage.env"; exec $(BIN)/python -m storage_service import "$(FILE)" --from "$(FROM)" \
		$(if $(FORM),--form "$(FORM)") $(ARGS)

forms-check: ## say what is wrong in the forms and the templates of mails, and in which line (FORMS=path for another file)
	@$(PREPARE) forms
	@$(BIN)/python -m shared.forms "$(FORMS)"; forms=$$?; $(BIN)/python -m notify_service templates "$(FORMS)" && exit $$forms
	@$(if $(OWN_FORMS),:,$(if $(filter forms.example.toml,$(FORMS)),echo "(the example: there is no forms.toml)",:))

test: ## lint, and every test of the parts, against private servers (ARGS="-k receipt" for some)
	@$(PREPARE) test
	@$(MAKE) --no-print-directory linted & lint=$$!; \
		$(BIN)/python -m pytest $(PARALLEL) $(WHOLE:%=--ignore=%) $(ARGS); tests=$$?; \
		wait $$lint || { echo "lint has failed: see above" >&2; exit 1; }; \
		exit $$tests

test-e2e: ## test whole installations, also by browsers and real clients (ARGS="-k receipt" for some)
	@$(PREPARE) test
	@$(BIN)/python -m pytest $(UNDER_LOAD) $(WHOLE) $(ARGS)

test-kills: ## kill and stop the parts under load: the quick half of test-faults
	@$(PREPARE) test
	@$(BIN)/python -m pytest $(UNDER_LOAD) -o 'norecursedirs=.* rows cluster' tests/faults $(ARGS)

test-compose: ## start the compose files, load, kill and restart their parts (needs Docker with Compose v2)
	@$(PREPARE) python
	@$(BIN)/python -m pytest $(or $(COMPOSE),tests/compose) $(ARGS)

test-proxies: ## a gateway behind nginx, Caddy and HAProxy, configured as in deploy/proxies and deploy/proxy
	@$(PREPARE) proxies
	@$(BIN)/python -m pytest -o 'norecursedirs=.*' tests/proxies $(ARGS)

test-faults: ## prove every row of the table of faults: what went wrong, counted (SEED=1 for the same again)
	@$(PREPARE) test
	@SEED=$(SEED) $(BIN)/python -m pytest $(UNDER_LOAD) -o 'norecursedirs=.*' tests/faults $(ARGS)

test-deliveries: ## 10,000 submissions over five channels, every delivery accounted for (COUNT=1000 for fewer)
	@$(PREPARE) test
	@COUNT=$(or $(COUNT),10000) $(BIN)/python -m pytest -o faulthandler_timeout=3600 tests/e2e/test_every_channel.py $(ARGS)

test-import: ## import 1,000,000 lines into each database, in flat memory (COUNT=100000 for fewer)
	@$(PREPARE) test
	@COUNT=$(or $(COUNT),1000000) $(BIN)/python -m pytest -o faulthandler_timeout=3600 tests/e2e/test_import_of_many.py $(ARGS)

test-clock: ## run the tests by the clock of other days, all of them a year on: hours (WHEN=leap-day for one moment)
	@$(PREPARE) test
	@PYTHONPATH=tests $(BIN)/python -m tests.support.other_clocks $(WHEN) -- $(ARGS)

fuzz: ## throw generated input at everything, ten minutes each way (MINUTES=60 for longer, SEED=1 for the same again)
	@$(PREPARE) test
	@PYTHONPATH=tests $(BIN)/python -m tests.support.fuzz $(or $(MINUTES),10) $(SEED)

soak: ## load everything and harm one part after the other, ten minutes (MINUTES=30 for longer, SEED=1 for the same again)
	@$(PREPARE) test
	@PYTHONPATH=tests $(BIN)/python -m tests.support.soak $(or $(MINUTES),10) $(SEED)

lint: ## formatting, ruff, strict types, who may import whom
	@$(PREPARE) python
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports

linted:
	@said=$$($(MAKE) --no-print-directory lint 2>&1); code=$$?; printf '\n%s\n' "$$said"; exit $$code

format: ## put the code into shape
	@$(PREPARE) python
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

pictures: ## take pictures of every page of the console, on every screen (TO=folder; .run/pictures by default)
	@$(PREPARE) test
	@PYTHONPATH=tests $(BIN)/python -m tests.support.pictures $(TO) $(ARGS)

snippet: ## make gateway/src/gateway/pages/static/counterfoil.js from gateway/scripts/counterfoil.js
	@$(PREPARE) test
	@$(BIN)/python -m dev.snippet

lock: ## choose the versions anew and pin them with hashes (UPGRADE=--upgrade for the newest)
	@$(PREPARE) python
	$(COMPILE) $(UPGRADE) --group dev shared/pyproject.toml gateway/pyproject.toml storage-service/pyproject.toml \
		notify-service/pyproject.toml tools/ledger/pyproject.toml tools/cli/pyproject.toml -o constraints.txt
	$(COMPILE) -c constraints.txt --group build -o tools/dev/build-requirements.txt
	$(COMPILE) $(UPGRADE) -c constraints.txt --group clients -o tools/dev/client-requirements.txt
	$(COMPILE) $(UPGRADE) -c constraints.txt --group bench -o tools/bench/requirements.txt
	for service in gateway storage-service notify-service tools/ledger; do \
		$(COMPILE) -c constraints.txt shared/pyproject.toml $$service/pyproject.toml -o $$service/requirements.txt \
		|| exit 1; done
	$(COMPILE) -c constraints.txt --extra apprise shared/pyproject.toml notify-service/pyproject.toml \
		-o notify-service/requirements-apprise.txt

bench: ## measure the claims beside their peers, forty minutes (ROW=accepts for one, ROW=growth, ARGS=--quick)
	@$(PREPARE) bench
	@$(BIN)/python -m $(if $(filter growth,$(ROW)),bench.growth,bench $(ROW)) $(ARGS)

backup: ## copy what make run keeps, while it runs or not (TO=file.tar.gz, or TO=folder)
	@$(PREPARE) forms
	@$(BIN)/python -m dev.backup make "$(TO)"

restore: ## put a backup in place (FROM=file.tar.gz); what is there is set aside
	@$(PREPARE) forms
	@$(BIN)/python -m dev.backup restore "$(FROM)"

clean: ## remove what can be made again: environments, caches; the data in .run stays
	@PYTHONPATH=tools $(PYTHON) -m dev.clean

delete-data: ## delete all that make run has kept in .run, for good; asks first (CONFIRM=yes does not)
	@PYTHONPATH=tools $(PYTHON) -m dev.clean data
