"""Uses the product as a person would, in headless Chromium: asks, sees a checked sentence, opens
its source, uploads a file and asks about it; in both languages, wide and narrow.

    python tests/browser/test.py http://127.0.0.1:8499 FOLDER
"""

import pathlib
import shutil
import sys

from playwright.sync_api import expect, sync_playwright

QUESTION = "입사 1년 미만 직원의 연차는 며칠인가요?"
QUOTE = "최대 11일이다"
PREMISE = "중식비가 왜 20,000원으로 올랐나요?"
MEALS = "# 식대 규정\n\n시행일: {}\n\n## 중식비\n\n중식비는 {}원이다.\n"
RULES = "# 방문객 안내\n\n## 와이파이\n\n방문객 와이파이의 이름은 HANBIT-GUEST이고 하루 8시간 쓸 수 있다.\n"


def main():
    address, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        problems = []
        for language in ["ko", "en"]:
            for shape, size in {"wide": (1280, 900), "narrow": (390, 844)}.items():
                page = browser.new_page(viewport={"width": size[0], "height": size[1]})
                page.on("pageerror", lambda error: problems.append(str(error)))
                page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
                look(page, address, language, lambda name: folder / f"{name}-{language}-{shape}.png")
                page.close()
        page = browser.new_page()
        upload(page, address, folder)
        browser.close()
    assert not problems, problems
    print("the browser test passed")


def ask(page, question):
    page.fill("#question", question)
    page.press("#question", "Enter")
    page.wait_for_selector(".turn:last-child .tools, .turn:last-child .abstained")
    page.wait_for_selector("#send:visible")


def look(page, address, language, shot):
    page.goto(f"{address}/?lang={language}")
    expect(page.locator("html")).to_have_attribute("lang", language)
    page.screenshot(path=shot("chat-empty"))
    ask(page, QUESTION)
    sentence = page.locator(".sentence.supported").first
    expect(sentence).to_contain_text(QUOTE)
    page.screenshot(path=shot("chat-answer"))
    sentence.locator(".chips button").first.click()
    expect(page.locator("#sources-body")).to_contain_text(QUOTE)
    page.wait_for_timeout(300)
    page.screenshot(path=shot("chat-source"))
    link = page.locator("#sources-body a[href^='/documents/']").first.get_attribute("href")
    page.goto(address + link)
    expect(page.locator("mark#quote")).to_contain_text("11일")
    page.screenshot(path=shot("source"))
    page.goto(f"{address}/documents")
    page.wait_for_selector("#list tbody tr")
    page.screenshot(path=shot("documents"))
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0, f"the page is {width} px wider than the window"


def upload(page, address, folder):
    page.goto(f"{address}/documents?lang=ko")
    page.wait_for_selector("#list tbody tr")
    file = folder / "visitors.md"
    file.write_text(RULES)
    page.set_input_files("#files", str(file))
    row = page.locator("#list tbody tr", has_text="방문객 안내")
    expect(row).to_contain_text("준비", timeout=15_000)
    page.screenshot(path=folder / "documents-uploaded.png")
    page.goto(address)
    ask(page, "방문객 와이파이 이름은 무엇인가요?")
    expect(page.locator(".sentence.supported").first).to_contain_text("HANBIT-GUEST")
    ask(page, "회사 주차장 요금은 얼마인가요?")
    expect(page.locator(".turn").last.locator(".abstained")).to_be_visible()
    page.screenshot(path=folder / "chat-abstains.png")
    differ(page, address, folder)


def differ(page, address, folder):
    """A wrong premise is corrected; two documents that differ are shown, the newer first."""
    for year, amount in {"2025-07-01": "12,000", "2023-01-01": "9,000"}.items():
        page.goto(f"{address}/documents")
        file = folder / f"meals-{year}.md"
        file.write_text(MEALS.format(year, amount))
        page.set_input_files("#files", str(file))
        row = page.locator("#list tbody tr", has_text=file.name)
        expect(row).to_contain_text("준비", timeout=15_000)
        if amount == "12,000":
            page.goto(f"{address}/?lang=ko")
            ask(page, PREMISE)
            corrected = page.locator(".turn").last.locator(".sentence.supported").first
            expect(corrected).to_contain_text("20,000")
            expect(corrected).to_contain_text("12,000")
            page.screenshot(path=folder / "chat-premise.png")
    for language in ["ko", "en"]:
        for shape, size in {"wide": (1280, 900), "narrow": (390, 844)}.items():
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.goto(f"{address}/?lang={language}")
            ask(page, "중식비는 얼마인가요?")
            sides = page.locator(".turn").last.locator(".conflict li")
            expect(sides.first).to_contain_text("12,000")
            expect(sides.last).to_contain_text("9,000")
            page.screenshot(path=folder / f"chat-conflict-{language}-{shape}.png")


if __name__ == "__main__":
    main()
