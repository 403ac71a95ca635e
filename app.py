"""ShelfGraph: from product text to an explained recommendation, live in the browser.

Entering calls ``st.navigation`` before anything else and then the gate. Pages opened cold, before this file has ever
run, enter by themselves (see ``core.ui.shell.run_page``).
"""

from core.ui import shell

shell.enter().run()
