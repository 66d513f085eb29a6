"""What writes the site lies beside it, in `site/`, and is no package."""

import sys

from tests.browser.lab import ROOT

sys.path.insert(0, str(ROOT / "site"))
