# Each target works from a fresh clone; PYTHON names another interpreter, ARGS goes on to the program.
PYTHON ?= python3
RUN = $(PYTHON) config/bootstrap.py

.PHONY: demo test check bench drill lock

demo: ; @$(RUN) demo
test: ; @$(RUN) test $(ARGS)
check: ; @$(RUN) check
bench: ; @$(RUN) bench $(ARGS)
drill: ; @$(RUN) drill $(ARGS)

# After a change of dependencies in pyproject.toml.
lock:
	.venv/bin/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url pyproject.toml --output-file requirements.lock
	.venv/bin/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --extra dev --constraint requirements.lock \
		pyproject.toml --output-file requirements-dev.lock
