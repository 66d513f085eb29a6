# Layer by Layer. `make lab` opens the course, `make test` confirms it; both set themselves up.

# The first Python that is new enough; `make lab PYTHON=/path/to/python` chooses another.
PYTHON := $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
PY := .venv/bin/python

# The course asks the network for nothing: no extension catalogue, and no news or update check
# (tools/jupyterlab/overrides.json; a learner's own Jupyter settings still win).
JUPYTER_FLAGS := --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/work/00_start_here.ipynb \
	--LabApp.app_settings_dir=tools/jupyterlab --LabApp.extension_manager=readonly
ifeq ($(shell id -u),0)
JUPYTER_FLAGS += --allow-root
endif

# One thread: the matrices are small, and two threads on two busy cores can be slower than one.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1

.PHONY: help lab fresh test test-browser test-oldest test-tools site test-site bench-sliders \
	bench-classroom fuzz lesson new-lesson measure notebooks docs bench

help:
	@echo "make lab                  open the course (sets up .venv the first time)"
	@echo "make fresh NB=04_02b      put a new copy of a notebook beside yours"
	@echo "make test                 run everything that must hold"
	@echo "make test-browser         use the course in a real browser (needs Chromium)"
	@echo "make test-oldest          run the unit tests on the oldest versions allowed"
	@echo "make test-tools           grade with nbgrader and otter, and compare the marks with ours"
	@echo "make fuzz                 run the property tests on new random cases"
	@echo "make lesson NB=04_02b     run, save and confirm one lesson alone"
	@echo "make new-lesson NB=04_04 NOUN=pooling TITLE='...'   write a lesson's skeleton"
	@echo "make measure NB=00        measure a lesson's stored tables"
	@echo "make notebooks NB=04_02b  run, clean and save notebooks (all without NB)"
	@echo "make docs                 write the pages in docs/ that are generated"
	@echo "make site                 write the course as pages, into build/site (SOLUTIONS=no leaves them out)"
	@echo "make test-site            write it and use it in a browser (needs Chromium)"
	@echo "make bench-classroom      grade a class with ours, Dask and nbgrader, write benchmarks/CLASSROOM.md"
	@echo "make bench                time the library beside PyTorch, write benchmarks/RESULTS.md"

lab: .venv/.lab
	@$(PY) tools/copies.py
	@if [ "$$(id -u)" = 0 ]; then echo "You are root: JupyterLab starts with --allow-root."; fi
	@$(PY) -m jupyter lab $(JUPYTER_FLAGS) $(LAB_ARGS)

fresh: .venv/.lab
	@$(PY) tools/copies.py --fresh "$(NB)"

# nbval runs twice: as on a new machine, then on the code path of an older processor with every
# exercise solved and passed and every prediction made. The outputs must not depend on either.
NBVAL := $(PY) -m pytest --nbval --nbval-current-env --nbval-cell-timeout=120 \
	-n 2 --dist loadfile

test: .venv/.test
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(PY) -m pytest -n 2 --dist worksteal
	$(NBVAL) notebooks solutions
	$(PY) -m tools.solved
	OPENBLAS_CORETYPE=Nehalem $(NBVAL) --everything-passed .solved solutions

test-browser: .venv/.browser
	$(PY) -m pytest tests/browser

bench-sliders: .venv/.browser
	$(PY) -m benchmarks.sliders

bench-classroom: .venv/.test .venv-graders/.test
	$(PY) -m benchmarks.classroom

# Old packages on top of new ones are warned that they use what has been deprecated since.
test-oldest: .venv-oldest/.test
	.venv-oldest/bin/python -m pytest -n 2 --dist worksteal -W ignore::DeprecationWarning

# In an environment of its own, since both bring much that the course does not need.
test-tools: .venv-graders/.test
	.venv-graders/bin/python -m pytest tests/graders

fuzz: .venv/.test
	$(PY) -m pytest -n 2 --hypothesis-profile=fuzz

lesson: .venv/.test
	@$(PY) -m tools.lesson "$(NB)"

new-lesson: .venv/.test
	@$(PY) -m tools.new_lesson "$(NB)" "$(NOUN)" "$(TITLE)"

measure: .venv/.test
	@$(PY) -m tools.measure "$(NB)"

notebooks: .venv/.test
	$(PY) tools/notebooks.py $(if $(FORCE),--force) $(NB)
	$(PY) -m tools.claims

docs: .venv/.test
	$(PY) -m tools.claims
	$(PY) -m tools.exercise_cases
	$(PY) -m tools.gradient_audit
	$(PY) -m tools.layer_table
	$(PY) -m tools.pictures

site: .venv/.site
	$(PY) site/build.py $(if $(filter no,$(SOLUTIONS)),--no-solutions)

test-site: .venv/.browser site
	$(PY) -m pytest tests/site site

# Both libraries choose their own kernels, whatever the environment says.
bench: .venv/.bench
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $(PY) -m benchmarks.bench

# Setting up. A stamp is newer than pyproject.toml once what it asks for is installed.
.venv/.lab: pyproject.toml | .venv/bin/pip
	@echo "Installing the course into .venv (a minute or two, once) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[lab]'
	@touch $@

.venv/.test: pyproject.toml | .venv/bin/pip
	@echo "Installing the course and its tests into .venv (a minute or two, once) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[lab,test,classroom,dask]'
	@touch .venv/.lab $@

.venv/.bench: pyproject.toml | .venv/bin/pip
	@echo "Installing PyTorch into .venv to compare with (a few minutes, once) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

.venv/.browser: .venv/.test
	@echo "Installing what drives the browser into .venv ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[browser]'
	@touch $@

.venv/.site: .venv/.lab
	@echo "Installing what writes the site into .venv ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[site]'
	@touch $@

.venv-oldest/.test: pyproject.toml .venv/.test
	@echo "Installing the oldest versions into .venv-oldest (a minute or two, once) ..."
	@"$(PYTHON)" -m venv .venv-oldest
	@$(PY) -m tools.oldest > .venv-oldest/constraints.txt
	@.venv-oldest/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint .venv-oldest/constraints.txt --editable '.[test,classroom,dask]'
	@touch $@

.venv-graders/.test: pyproject.toml | .venv/bin/pip
	@echo "Installing nbgrader and otter into .venv-graders (a minute or two, once) ..."
	@"$(PYTHON)" -m venv .venv-graders
	@.venv-graders/bin/python -m pip install --quiet --disable-pip-version-check \
		--editable '.[graders,test,classroom,dask]'
	@touch $@

.venv/bin/pip:
	@if [ -z "$(PYTHON)" ]; then echo "The course needs Python 3.11 or newer, and there is none" \
		"here: get one from https://www.python.org/downloads/"; exit 1; fi
	@if ! "$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null; then echo "This Python cannot make" \
		"virtual environments; on Debian and Ubuntu: sudo apt install python3-venv"; exit 1; fi
	@if ! [ -w . ]; then echo "This folder can't be written, and the course sets itself up in it:" \
		"copy the whole course to a folder of your own."; exit 1; fi
	@"$(PYTHON)" -m venv .venv
