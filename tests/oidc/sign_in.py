"""Signs people in by a real provider, as a browser does: forms, redirects and cookies by hand.

    sign_in.py VERACITE_ADDRESS PROVIDER_ADDRESS
"""
import html.parser
import http.client
import sys
import urllib.parse

VERACITE, PROVIDER = sys.argv[1:]


class Page(html.parser.HTMLParser):
    """The forms of a page, and where it goes on to by itself."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.refresh = [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.forms.append((attributes.get("action"), {}))
        elif tag == "input" and self.forms and attributes.get("name"):
            self.forms[-1][1][attributes["name"]] = attributes.get("value", "")
        elif tag == "meta" and attributes.get("http-equiv") == "refresh":
            self.refresh = attributes["content"].split("url=", 1)[1]


class Browser:
    """Keeps cookies by host and port, as two servers of one machine need it, and follows redirects."""

    def __init__(self):
        self.jar = {}

    def request(self, method, url, form=None):
        for _ in range(20):
            parts = urllib.parse.urlsplit(url)
            connection = http.client.HTTPConnection(parts.netloc, timeout=30)
            headers = {"Accept": "text/html", "Accept-Language": "en"}
            jar = self.jar.setdefault(parts.netloc, {})
            if jar:
                headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
            body = None
            if method == "POST":
                body = urllib.parse.urlencode(form)
                headers["Content-Type"] = "application/x-www-form-urlencoded"
                headers["Origin"] = f"{parts.scheme}://{parts.netloc}"
            connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
            reply = connection.getresponse()
            text = reply.read().decode()
            for name, value in reply.getheaders():
                if name.lower() == "set-cookie":
                    pair, *flags = value.split(";")
                    key, cookie = pair.split("=", 1)
                    gone = any(flag.strip().lower() in ("max-age=0", "expires=thu, 01 jan 1970 00:00:00 gmt") for flag in flags)
                    if gone or not cookie:
                        jar.pop(key, None)
                    else:
                        jar[key] = cookie
            if reply.status in (301, 302, 303, 307, 308):
                url, method, form = urllib.parse.urljoin(url, reply.getheader("Location")), "GET", None
                self.seen.append(url)
                continue
            return reply.status, url, text
        raise SystemExit("redirects without end")

    def sign_in(self, name):
        """To the provider and back; what the last page is."""
        self.seen = []
        status, url, text = self.request("GET", f"{VERACITE}/sign-in/with/company?next=%2Fdocuments")
        assert status == 200 and url.startswith(PROVIDER), (status, url, text[:500])
        for _ in range(5):
            page = Page(text)
            if not url.startswith(PROVIDER) or not page.forms:
                break
            action, fields = page.forms[0]
            if "login" in fields:
                fields |= {"login": name, "password": "any"}
            status, url, text = self.request("POST", urllib.parse.urljoin(url, action), fields)
        return status, url, text


def show(name, condition, detail=""):
    print(("ok    " if condition else "WRONG ") + name, detail if not condition else "")
    if not condition:
        raise SystemExit(1)


mina = Browser()
status, url, text = mina.sign_in("mina")
show("mina comes back and is signed in", status == 200 and Page(text).refresh == "/documents", f"{status} {url} {text[:2000]}")
back = next(one for one in mina.seen if "/sign-in/with/company/back" in one)
status, url, text = mina.request("GET", f"{VERACITE}/documents")
show("the page she wanted opens", status == 200 and url.endswith("/documents"), f"{status} {url}")
status, url, text = mina.request("GET", f"{VERACITE}/account")
show("her name and groups are those of the provider", "김민아" in text and "hr, writers" in text, text[:3000])
status, url, text = mina.request("GET", back)
show("coming back works once", status == 400 and "used already" in text, f"{status}")
other = Browser()
other.seen = []
status, url, text = other.request("GET", back)
show("and not in another browser", status == 400 and "another browser" in text, f"{status}")
status, url, text = Browser().sign_in("jun")
show("who is of another domain stays out", status == 403 and "domain" in text, f"{status} {text[:2000]}")
again = Browser()
status, url, text = again.sign_in("mina")
status, url, text = again.request("GET", f"{VERACITE}/account")
show("she is the same person another day", "김민아" in text, text[:2000])
