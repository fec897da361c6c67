"""Uses the product as people would, in headless Chromium: the first administrator sets it up, asks,
opens the source of a sentence, uploads a file, invites a reader; in Korean and English, at 360, 768
and 1,440 px, with axe-core on every page.

    python tests/browser/test.py http://127.0.0.1:8499 FOLDER AXE

FOLDER holds the server's log and gets the pictures, AXE is `axe.min.js`.
"""

import pathlib
import re
import shutil
import sys

from playwright.sync_api import expect, sync_playwright

from look import Looker

QUESTION = "입사 1년 미만 직원의 연차는 며칠인가요?"
QUOTE = "최대 11일이다"
RULES = "# 방문객 안내\n\n## 와이파이\n\n방문객 와이파이의 이름은 HANBIT-GUEST이고 하루 8시간 쓸 수 있다.\n"
PASSWORD = "다섯 마리 고양이가 창가에서 잔다"
OTHER_PASSWORD = "seven kettles whistle at noon"


def main():
    address, folder, axe = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        looker = Looker(browser, address, folder, axe)
        admin = set_up(looker)
        for language in ["ko", "en"]:
            ask_and_open_the_source(looker, admin, language)
        on_paper(looker, admin)
        converse(looker, admin)
        judge(looker, admin)
        review(looker, admin)
        upload(looker, admin)
        office(looker, admin)
        narrow(looker, admin)
        link = invite(looker, admin)
        reader = accept(looker, link)
        sign_out_and_in(looker, reader)
        take_rights_away(looker, admin, reader)
        stop(looker, admin)
        browser.close()
    assert not looker.problems, "\n".join(looker.problems)
    print(f"the browser test passed: {looker.looked_at} states of pages looked at")


def set_up(looker):
    """The link that the server printed makes the first administrator, once."""
    page = looker.someone()
    page.goto(looker.address)
    looker.look(page, "sign-in")
    log = (looker.folder / "server.log").read_text()
    link = re.search(r"http://\S+/set-up\?token=\w+", log).group(0)
    page.goto(link)
    looker.look(page, "set-up")
    page.fill("#name", "mina")
    page.fill("#display-name", "김미나")
    page.fill("#password", PASSWORD)
    page.fill("#again", PASSWORD)
    page.click("main button.main")
    expect(page.locator("#question")).to_be_visible()
    again = looker.someone()
    again.goto(link)
    expect(again.locator("main")).to_contain_text("이미 썼거나")
    again.context.close()
    return page


def ask(page, question):
    page.fill("#question", question)
    page.press("#question", "Enter")
    page.wait_for_selector(".turn:last-child .tools, .turn:last-child .abstained")
    page.wait_for_selector("#send:visible")


def ask_and_open_the_source(looker, page, language):
    page.goto(f"{looker.address}/?lang={language}")
    expect(page.locator("html")).to_have_attribute("lang", language)
    looker.look(page, f"chat-empty-{language}")
    ask(page, QUESTION)
    sentence = page.locator(".sentence.supported").first
    expect(sentence).to_contain_text(QUOTE)
    looker.look(page, f"chat-answer-{language}")

    def open():
        page.keyboard.press("Escape")
        sentence.locator(".chips button").first.click()
        expect(page.locator("#sources-body")).to_contain_text(QUOTE)

    looker.look(page, f"chat-source-{language}", open)
    open()
    link = page.locator("#sources-body a[href^='/documents/']").first.get_attribute("href")
    page.goto(looker.address + link)
    expect(page.locator("mark#quote")).to_contain_text("11일")
    looker.look(page, f"source-{language}")
    for path in ["documents", "people", "account", "docs"]:
        page.goto(f"{looker.address}/{path}")
        expect(page.locator("h1")).to_be_visible()
        looker.look(page, f"{path}-{language}")


def on_paper(looker, page):
    """Printed by night, an answer is dark on white, with its quotes and without the bar; colors of the system keep
    what is chosen apart, and no width cuts a button off."""
    page.goto(f"{looker.address}/?lang=en")
    ask(page, QUESTION)
    colors = "element => { const style = getComputedStyle(element); return [style.color, style.backgroundColor] }"
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("header.bar")).to_be_hidden()
    expect(page.locator("#question")).to_be_hidden()
    expect(page.locator(".sentence.supported .tip").first).to_be_visible()
    expect(page.locator(".sentence.supported .tip").first).to_contain_text(QUOTE)
    color, background = page.locator("body").evaluate(colors)
    assert (color, background) == ("rgb(27, 31, 36)", "rgb(255, 255, 255)"), (color, background)
    page.emulate_media(media="screen", color_scheme="light", forced_colors="active")
    chosen, other = (page.locator(f".choice input{state} + span").first for state in [":checked", ":not(:checked)"])
    assert chosen.evaluate(colors)[1] != other.evaluate(colors)[1], chosen.evaluate(colors)
    page.screenshot(path=looker.folder / "chat-forced-colors.png")
    page.emulate_media(media="screen", color_scheme="light", forced_colors="none", reduced_motion="reduce")
    assert page.locator(".sentence").first.evaluate("element => getComputedStyle(element).animationName") == "none"
    page.emulate_media(media="screen", reduced_motion="no-preference")
    for width in [768, 1024, 1101, 1280, 1440, 1600]:
        page.set_viewport_size({"width": width, "height": 900})
        send, form = (page.locator(name).bounding_box() for name in ["#send", "#ask"])
        assert send["x"] + send["width"] <= form["x"] + form["width"] + 1, f"a button is cut off at {width} px: {send} {form}"
    page.set_viewport_size({"width": 1280, "height": 900})


def converse(looker, page):
    """A follow-up is understood, the conversation is there after a reload, renamed, deleted."""
    page.goto(f"{looker.address}/?lang=ko")
    ask(page, QUESTION)
    ask(page, "그럼 2년차는?")
    expect(page.locator(".searched:visible").last).to_contain_text("2년차 직원의 연차")
    looker.look(page, "chat-follow-up")
    page.reload()
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator(".sentence.supported").first).to_contain_text(QUOTE)
    expect(page.locator("[data-answer][data-turn]")).to_have_count(2)
    page.click(".talk-head .menu summary")
    looker.look(page, "chat-menu")
    page.fill("#new-title", "연차 이야기")
    page.click("#rename button")
    expect(page.locator("#conversation-title")).to_have_text("연차 이야기")
    page.click(".talk-head .menu > summary")
    page.click(".talk-head .menu details summary")
    page.click(".talk-head form[action$='/delete'] button")
    expect(page).to_have_url(f"{looker.address}/")
    expect(page.locator("#conversation-list")).not_to_contain_text("연차 이야기")


def judge(looker, page):
    """A sentence is called wrong, with a correction that the documents do not support; taken back."""
    page.goto(f"{looker.address}/?lang=en")
    ask(page, QUESTION)
    page.locator(".sentence.supported .judge-open").first.click()
    form = page.locator("form.judge-form:visible")
    form.get_by_label("Wrong", exact=True).check()
    form.locator("textarea[name=correction]").fill("입사 1년 미만 직원의 연차휴가는 최대 99일이다.")
    looker.look(page, "feedback-form")
    form.locator("button[type=submit]").click()
    said = page.locator(".judge-holder .hint").first
    expect(said).to_contain_text("Your feedback is saved")
    expect(said).to_contain_text("do not support your correction")
    looker.look(page, "feedback-kept")
    page.get_by_role("button", name="Take back").click()
    expect(said).to_contain_text("taken back")


def review(looker, page):
    """A correction that the documents do not support waits for an administrator, who accepts it and puts
    that off again."""
    page.goto(f"{looker.address}/?lang=ko")
    ask(page, QUESTION)
    page.locator(".sentence.supported .judge-open").first.click()
    form = page.locator("form.judge-form:visible")
    form.get_by_label("틀림", exact=True).check()
    form.locator("textarea[name=correction]").fill("입사 1년 미만 직원의 연차휴가는 최대 98일이다.")
    form.locator("button[type=submit]").click()
    expect(page.locator(".judge-holder .hint").first).to_contain_text("의견을 저장했습니다")
    article = page.locator("article.review")
    for language in ["ko", "en"]:
        page.goto(f"{looker.address}/admin?lang={language}")
        page.click("main a[href='/admin/feedback']")
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(article).to_have_count(1)
        expect(article.locator("h2")).to_have_text(QUESTION)
        expect(article.locator(".theirs .sentence:not(.supported)")).to_contain_text("98일")
        looker.look(page, f"reviews-{language}")
    article.get_by_role("button", name="Accept").click()
    expect(page.locator("main [role=status]")).to_contain_text("saved")
    expect(article).to_have_count(0)
    looker.look(page, "reviews-none")
    page.click("nav.states a:has-text('Accepted')")
    expect(article.locator(".theirs")).to_contain_text("98일")
    looker.look(page, "reviews-accepted")
    article.get_by_role("button", name="Decide later").click()
    page.click("nav.states a:has-text('Waiting')")
    expect(article).to_have_count(1)


def office(looker, page):
    """The documents' details and rights, collections, and the page of administrators."""
    page.goto(f"{looker.address}/documents?lang=ko")
    links = page.locator("#list tbody a[href^='/documents/']")
    address = links.first.get_attribute("href")
    page.goto(looker.address + address)
    looker.look(page, "document")
    identity = re.match(r"/documents/([0-9a-f-]+)", address).group(1)
    for language in ["ko", "en"]:
        for name, path in {
            "about": f"documents/{identity}/about",
            "rights": f"documents/{identity}/rights",
            "collections": "collections",
            "admin": "admin",
        }.items():
            page.goto(f"{looker.address}/{path}?lang={language}")
            expect(page.locator("h1")).to_be_visible()
            looker.look(page, f"{name}-{language}")


def narrow(looker, page):
    """In a narrow window the bar is one line, and its menu leads everywhere, by the keyboard alone."""
    for language in ["ko", "en"]:
        page.goto(f"{looker.address}/?lang={language}")
        for width in [320, 360]:
            page.set_viewport_size({"width": width, "height": 700})
            height = page.locator("header.bar").bounding_box()["height"]
            assert height < 60, f"the bar is {height} px high in a window of {width} px"
        for path in ["people", "admin", "docs", "account"]:
            page.locator(".bar .menu > summary").focus()
            page.keyboard.press("Enter")
            link = page.locator(f".bar .menu-box a[href='/{path}']")
            expect(link).to_be_visible()
            link.focus()
            page.keyboard.press("Enter")
            expect(page).to_have_url(f"{looker.address}/{path}")
    looker.look(page, "menu", lambda: page.evaluate("document.querySelector('.bar .menu').open = true"))
    page.set_viewport_size({"width": 1280, "height": 900})


def upload(looker, page):
    page.goto(f"{looker.address}/documents?lang=ko")
    page.wait_for_selector("#list tbody tr")
    file = looker.folder / "visitors.md"
    file.write_text(RULES)
    page.set_input_files("#files", str(file))
    row = page.locator("#list tbody tr", has_text="방문객 안내")
    expect(row).to_contain_text("준비", timeout=15_000)
    looker.look(page, "documents-uploaded")
    page.goto(looker.address)
    ask(page, "방문객 와이파이 이름은 무엇인가요?")
    expect(page.locator(".sentence.supported").first).to_contain_text("HANBIT-GUEST")


def invite(looker, page):
    page.goto(f"{looker.address}/people?lang=ko")
    page.fill("#name", "jun")
    page.fill("#groups", "hr")
    page.click("main button.main")
    link = page.locator(".once code").inner_text()
    looker.look(page, "invited")
    return link


def accept(looker, link):
    page = looker.someone("en")
    page.goto(link)
    page.fill("#password", "short")
    page.fill("#again", "short")
    page.click("main button.main")
    expect(page.locator("[role=alert]")).to_contain_text("at least 10 characters")
    looker.look(page, "invitation-refused")
    page.fill("#password", OTHER_PASSWORD)
    page.fill("#again", OTHER_PASSWORD)
    page.click("main button.main")
    expect(page.locator("#question")).to_be_visible()
    page.goto(f"{looker.address}/people")
    expect(page.locator("main")).to_contain_text("does not allow")
    looker.look(page, "forbidden")
    return page


def sign_out_and_in(looker, page):
    page.goto(f"{looker.address}/account")
    page.click(".bar .menu summary")
    page.click("form[action='/sign-out'] button")
    expect(page.locator("#password")).to_be_visible()
    page.goto(f"{looker.address}/documents")
    page.fill("#name", "jun")
    page.fill("#password", "not the password")
    page.click("main button.main")
    expect(page.locator("[role=alert]")).to_contain_text("wrong")
    looker.look(page, "sign-in-refused")
    page.fill("#password", OTHER_PASSWORD)
    page.click("main button.main")
    expect(page).to_have_url(f"{looker.address}/documents")


def take_rights_away(looker, admin, reader):
    """What a reader was told disappears from their conversation with the right to it."""
    reader.goto(f"{looker.address}/?lang=en")
    ask(reader, QUESTION)
    expect(reader.locator(".sentence.supported").first).to_contain_text(QUOTE)
    source = reader.locator(".sentence.supported .chips a, .sentence.supported .chips button").first
    source.click()
    link = reader.locator("#sources-body a[href^='/documents/']").first.get_attribute("href")
    reader.keyboard.press("Escape")
    document = re.match(r"/documents/([0-9a-f-]+)", link).group(1)
    conversation = reader.url
    # Who takes everyone's right away keeps one.
    admin.goto(f"{looker.address}/documents/{document}/rights?lang=en")
    give(admin, "person", "mina", "download")
    admin.locator(".grants li", has_text="Everyone").locator("button[value=take]").click()
    expect(admin.locator("[role=status]")).to_contain_text("from the next question")
    looker.look(admin, "rights-taken")
    expect(admin.locator(".grants")).not_to_contain_text("everyone", ignore_case=True)

    reader.goto(conversation)
    expect(reader.locator(".turn")).to_have_count(1)
    expect(reader.locator("body")).not_to_contain_text(QUOTE)
    looker.look(reader, "chat-quote-gone")
    reader.goto(looker.address)
    ask(reader, QUESTION)
    expect(reader.locator("body")).not_to_contain_text(QUOTE)
    page = reader.goto(looker.address + link)
    assert page.status == 404, page.status
    # A right to find it alone: its title, and no word of its text.
    give(admin, "person", "jun", "find")
    reader.goto(looker.address)
    ask(reader, QUESTION)
    expect(reader.locator(".findable").first).to_contain_text("may hold the answer")
    expect(reader.locator("body")).not_to_contain_text(QUOTE)
    looker.look(reader, "chat-findable")
    give(admin, "person", "jun", "quote")
    reader.goto(looker.address)
    ask(reader, QUESTION)
    expect(reader.locator(".sentence.supported").first).to_contain_text(QUOTE)


def give(page, kind, name, level):
    form = page.locator("form:has(#kind)")
    form.locator("#kind").select_option(kind)
    form.locator("#name").fill(name)
    form.locator("#level").select_option(level)
    form.locator("button[type=submit]").click()
    expect(page.locator("[role=status]")).to_contain_text("from the next question")


def stop(looker, page):
    """Without a server the page says what to do."""
    page.goto(f"{looker.address}/?lang=en")
    page.context.set_offline(True)
    page.fill("#question", QUESTION)
    page.press("#question", "Enter")
    expect(page.locator("#offline")).to_be_visible()
    page.context.set_offline(False)


if __name__ == "__main__":
    main()
