"""What pandas calls a column of texts: ``str``, in pandas 2 ``object``."""

import pandas as pd

TEXT = str(pd.Series([], dtype="str").dtype)
