"""What is looked at on every page: console, accessibility by axe-core, width, pictures."""

import re

WIDTHS = [360, 768, 1440]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Looker:
    """Collects what is wrong on the pages of one run."""

    def __init__(self, browser, address, folder, axe):
        self.browser, self.address, self.folder = browser, address, folder
        self.axe = axe.read_text()
        self.problems = []
        self.looked_at = 0

    def someone(self, language="ko"):
        """A browser of somebody who is not signed in yet."""
        context = self.browser.new_context(
            locale=language, viewport={"width": 1280, "height": 900}, accept_downloads=True
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self.console(page, message))
        page.on("request", self.request)
        return page

    def console(self, page, message):
        # Browsers tell of every answer above 399, and of being offline; both are tested.
        if message.type == "error" and not re.search(r"status of 4\d\d|ERR_INTERNET_DISCONNECTED", message.text):
            self.problems.append(f"{page.url}: {message.text}")

    def request(self, request):
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.problems.append(f"a request to {request.url}")

    def look(self, page, name, open=lambda: None):
        """Pictures at every width, and what axe-core finds there; `open` opens again what a change of the
        width closes."""
        before = page.viewport_size
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            open()
            page.wait_for_timeout(300)
            over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if over > 0:
                self.problems.append(f"{name} is {over} px wider than a window of {width} px")
            page.screenshot(path=self.folder / f"{name}-{width}.png")
            if width != 768:
                # What is scrolled under what stays in place is whole once it is scrolled on.
                page.evaluate("for (const fixed of document.querySelectorAll('form.ask, .bar')) fixed.style.position = 'static'")
                page.evaluate(self.axe)
                found = page.evaluate("rules => axe.run(document, { runOnly: rules })", RULES)
                page.evaluate("for (const fixed of document.querySelectorAll('form.ask, .bar')) fixed.style.position = ''")
                for violation in found["violations"]:
                    where = "; ".join(node["html"][:160] for node in violation["nodes"][:3])
                    told = f"{name} at {width} px: {violation['id']} ({violation['impact']}): {where}"
                    print(told)
                    if violation["impact"] in ("serious", "critical"):
                        self.problems.append(told)
        page.set_viewport_size(before)
        self.looked_at += 1
