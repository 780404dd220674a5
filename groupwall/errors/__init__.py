"""Every error that a client can see: code, message, status.

The texts are AWS's, from the reference (section 23, and the section that each function names); clients match on them,
so they stay as they are. A function whose text was not found there says ``inferred``.
"""

from groupwall.errors.enforcement import *
from groupwall.errors.expectations import *
from groupwall.errors.flows import *
from groupwall.errors.groups import *
from groupwall.errors.instances import *
from groupwall.errors.interfaces import *
from groupwall.errors.networks import *
from groupwall.errors.permissions import *
from groupwall.errors.prefix_lists import *
from groupwall.errors.request import *
from groupwall.errors.rules import *
from groupwall.errors.sessions import *
from groupwall.errors.tags import *
from groupwall.errors.undo import *
