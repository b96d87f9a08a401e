"""Batch decides by slices what plain evaluation decides: under every reading, many changes, and rules of all sorts."""

from __future__ import annotations

import io
import json
import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice, product
from pathlib import Path
from typing import Any

import pytest

from itss_logic import Evidence, Policy
from itss_logic.batch.blocks import Block
from itss_logic.batch.worker import Recipe, Worker
from itss_logic.changes import read_changes
from itss_logic.console import as_json_text
from itss_logic.errors import Place
from itss_logic.evidence import Refused
from itss_logic.policy import default_kb
from itss_logic.reading import read_line
from itss_logic.result_lines import csv_lines
from itss_logic.vocabulary import Argument, Predicate, Vocabulary
from tests.test_category import FILES, RULES, VOCABULARY

SAMPLE = (Path(__file__).parent / "data" / "sample-200.jsonl").read_bytes()
