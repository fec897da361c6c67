#!/usr/bin/env python3
"""Makes the sample handbook of 한빛정밀 (Hanbit Precision), an invented company.

    pip install -r requirements.txt
    python make.py --fonts /usr/share/fonts/truetype/nanum     # the folder of Debian's fonts-nanum (OFL)
    python make.py --fonts ... --check                         # writes nothing; fails if a made file differs

Sources: `sources/*.md`, one per document: a few `key: value` lines between `---`, then a small
part of Markdown (headings, paragraphs, `-` and `1.` lists, pipe tables, `>` notes, **bold**, `code`).
`sources/15-*.txt` is plain text and is copied as it is.

Made, and committed, because nobody should need Python to try the handbook:

- `../handbook/`: the documents, in the format that the key `file` names. Only documents stand
  there: everything in that folder is indexed by `veracite demo`.
- `../handbook-eval/`: `questions.json` in BEIR layout (`corpus.jsonl` of the sources' sections,
  `queries.jsonl`, `qrels/test.tsv`). Queries that the handbook cannot answer have
  `"answerable": false` and no line in the qrels.

The company, its people, products, amounts and rules are invented. Where a rule looks like Korean
labour law it is only similar. Facts agree across documents, with one exception that is meant:
`04-travel-expenses-ko-2023.docx` is the abolished version of `03-travel-expenses-ko-2025.docx`.
Nothing says anything about parking: that is the demo's question without an answer.

The same sources, fonts and pinned packages give the same bytes: no clock, no random ids.

`questions.json`: each question has `expected`, a list of places where the answer stands. `contains`
is a string out of the answering sentence, list item or table row of `document`, to be compared with
whitespace folded (line breaks of a PDF, and the tabs between the cells of a row, count as one space). One of the places is enough. An empty list means that the handbook has no answer.
"""

from __future__ import annotations

import argparse
import datetime
import html
import io
import json
import re
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "sources"
HANDBOOK = HERE.parent / "handbook"
EVALUATION = HERE.parent / "handbook-eval"

COMPANY = {"ko": "한빛정밀 주식회사", "en": "Hanbit Precision Co., Ltd."}
# Words of the demo's question without an answer. No source may have them.
SILENT_ABOUT = re.compile(r"주차(?!례)|\bpark(?:ed|ing)?\b", re.IGNORECASE)
MAXIMUM_SIZE = 300_000


# --- sources ---------------------------------------------------------------------------------


@dataclass
class Block:
    """One block of a source: `heading`, `paragraph`, `bullets`, `numbers`, `table` or `note`."""

    kind: str
    text: str = ""
    level: int = 0
    items: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


@dataclass
class Source:
    """One document: its head, its blocks, and its body as written."""

    head: dict[str, str]
    blocks: list[Block]
    body: str

    @property
    def file(self) -> str:
        return self.head["file"]

    @property
    def language(self) -> str:
        return self.head["language"]


def read_source(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".txt":
        title = text.splitlines()[0].strip()
        head = {"file": path.name, "title": title, "language": "ko"}
        return Source(head, parse_plain(text), text)
    _, head_text, body = text.split("---\n", 2)
    head = dict(line.split(": ", 1) for line in head_text.strip().splitlines())
    return Source(head, parse(body), body.lstrip("\n"))


def parse_plain(text: str) -> list[Block]:
    """Reads the plain text notes: `[n] Heading` lines, the rest is paragraphs, one per line."""
    blocks = []
    for line in text.splitlines():
        stripped = line.strip()
        if re.match(r"\[\d+\] ", stripped):
            blocks.append(Block("heading", stripped, level=2))
        elif stripped and not re.fullmatch(r"[=\-]+", stripped):
            blocks.append(Block("paragraph", stripped))
    return blocks


def parse(body: str) -> list[Block]:
    blocks = []
    for part in re.split(r"\n\s*\n", body.strip()):
        lines = [line.rstrip() for line in part.splitlines()]
        first = lines[0]
        if match := re.match(r"(#+) (.*)", first):
            blocks.append(Block("heading", match[2], level=len(match[1])))
            if len(lines) > 1:
                raise ValueError(f"a heading needs an empty line after it: {first}")
        elif first.startswith("|"):
            rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
            if len({len(row) for row in rows}) != 1:
                raise ValueError(f"rows of different width in the table: {first}")
            blocks.append(Block("table", rows=[rows[0], *rows[2:]]))
        elif first.startswith("- "):
            blocks.append(Block("bullets", items=join_items(lines, r"- ")))
        elif re.match(r"1\. ", first):
            blocks.append(Block("numbers", items=join_items(lines, r"\d+\. ")))
        elif first.startswith("> "):
            blocks.append(Block("note", " ".join(line.removeprefix("> ") for line in lines)))
        else:
            blocks.append(Block("paragraph", " ".join(line.strip() for line in lines)))
    return blocks


def join_items(lines: list[str], mark: str) -> list[str]:
    items: list[str] = []
    for line in lines:
        if match := re.match(mark, line):
            items.append(line[match.end():])
        else:
            items[-1] += " " + line.strip()
    return items


def plain(text: str) -> str:
    """Takes the marks of bold and code away."""
    return re.sub(r"\*\*(.+?)\*\*|`(.+?)`", lambda match: match[1] or match[2], text)


def spans(text: str) -> list[tuple[str, str]]:
    """Cuts text into (`""` | `"bold"` | `"code"`, text)."""
    found = []
    for piece in re.split(r"(\*\*.+?\*\*|`.+?`)", text):
        if piece.startswith("**"):
            found.append(("bold", piece[2:-2]))
        elif piece.startswith("`"):
            found.append(("code", piece[1:-1]))
        elif piece:
            found.append(("", piece))
    return found


def facts_line(source: Source) -> str:
    """The line under the title: number, version, date and owner of the document."""
    labels = {
        "ko": {"code": "문서번호", "version": "판", "date": "시행일", "owner": "주관 부서"},
        "en": {"code": "Document", "version": "Version", "date": "In force from", "owner": "Owner"},
    }[source.language]
    return " · ".join(f"{label} {source.head[key]}" for key, label in labels.items() if key in source.head)


def is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"[-+]?[\d,.]+\s*%?(?:원|일|만원|천원)?", cell))


# --- PDF -------------------------------------------------------------------------------------


def make_pdf(source: Source, fonts: Path) -> bytes:
    from reportlab import rl_config
    from reportlab.lib import colors
    from reportlab.lib.enums import TA_CENTER, TA_RIGHT
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.lib.units import mm
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import (
        BaseDocTemplate, Frame, KeepTogether, ListFlowable, ListItem, PageBreak, PageTemplate,
        Paragraph, Spacer, Table, TableStyle,
    )
    from reportlab.platypus.tableofcontents import TableOfContents

    rl_config.invariant = 1
    rl_config.useA85 = 0
    family = source.head.get("font", "NanumGothic")
    regular, bold = family, f"{family}Bold"
    # Fonts are made anew for each document: a font remembers which of its glyphs were used.
    for name in (regular, bold):
        pdfmetrics.registerFont(TTFont(name, str(fonts / f"{name}.ttf")))
    known = pdfmetrics.getFont(regular).face.charToGlyph
    # Otherwise every page names Helvetica, which is not embedded.
    rl_config.canvas_basefontname = regular
    missing = {sign for sign in source.body if ord(sign) > 31} - {chr(code) for code in known}
    if missing:
        raise ValueError(f"{family} has no glyph for {sorted(missing)}, which {source.file} uses")
    pdfmetrics.registerFontFamily(family, normal=regular, bold=bold, italic=regular, boldItalic=bold)

    roomy = source.head.get("layout") == "roomy"
    size, leading = (10.5, 18.5) if roomy else (9.5, 15)
    body = ParagraphStyle("body", fontName=regular, fontSize=size, leading=leading, spaceAfter=6 if roomy else 4)
    title = ParagraphStyle("title", parent=body, fontName=bold, fontSize=20, leading=28, spaceAfter=8)
    small = ParagraphStyle("small", parent=body, fontSize=8.5, leading=13, textColor=colors.HexColor("#475569"))
    headings = {
        2: ParagraphStyle("heading2", parent=body, fontName=bold, fontSize=14, leading=20, spaceBefore=12,
                          spaceAfter=6, textColor=colors.HexColor("#1e3a5f"), keepWithNext=1),
        3: ParagraphStyle("heading3", parent=body, fontName=bold, fontSize=11, leading=17, spaceBefore=8,
                          spaceAfter=3, keepWithNext=1),
    }
    note = ParagraphStyle("note", parent=body, leftIndent=8, borderPadding=(5, 6, 5, 8), spaceBefore=8, spaceAfter=10,
                          backColor=colors.HexColor("#eef2f7"))
    cell = ParagraphStyle("cell", parent=body, fontSize=8.8, leading=13, spaceAfter=0)
    cell_right = ParagraphStyle("cell_right", parent=cell, alignment=TA_RIGHT)
    cell_head = ParagraphStyle("cell_head", parent=cell, fontName=bold, alignment=TA_CENTER)

    def marked(text: str) -> str:
        tags = {"bold": "<b>{}</b>", "code": "<b>{}</b>", "": "{}"}
        return "".join(tags[kind].format(html.escape(piece, quote=False)) for kind, piece in spans(text))

    width = A4[0] - 44 * mm

    def table(rows: list[list[str]]):
        weights = []
        for column in zip(*rows):
            head_words = max(pdfmetrics.stringWidth(word, bold, 8.8) for word in column[0].split())
            longest = max(pdfmetrics.stringWidth(plain(text), regular, 8.8) for text in column[1:])
            weights.append(min(max(longest, head_words, 30), 210) + 16)
        widths = [width * weight / sum(weights) for weight in weights]
        cells = [[Paragraph(marked(text), cell_head) for text in rows[0]]]
        for row in rows[1:]:
            cells.append([Paragraph(marked(text), cell_right if is_number(text) else cell) for text in row])
        made = Table(cells, colWidths=widths, repeatRows=1)
        made.setStyle(TableStyle([
            ("FONTNAME", (0, 0), (-1, -1), regular),
            ("GRID", (0, 0), (-1, -1), 0.5, colors.HexColor("#94a3b8")),
            ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#dde5ef")),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ]))
        return made

    def item_list(block: Block):
        options = {"bulletType": "1", "bulletFormat": "%s."} if block.kind == "numbers" else {
            "bulletType": "bullet", "start": "•"}
        return ListFlowable([ListItem(Paragraph(marked(text), body)) for text in block.items],
                            leftIndent=18, bulletFontName=regular, bulletFontSize=size, **options)

    def story() -> list:
        flow: list = [Paragraph(marked(source.head["title"]), title), Paragraph(marked(facts_line(source)), small),
                      Spacer(1, 8)]
        if "contents" in source.head:
            contents = TableOfContents(levelStyles=[ParagraphStyle("contents", parent=body, spaceAfter=2)],
                                       dotsMinLevel=0, tableStyle=TableStyle([("FONTNAME", (0, 0), (-1, -1), regular)]))
            flow += [Paragraph(source.head["contents"], ParagraphStyle("contents_head", parent=headings[2])),
                     contents, PageBreak()]
        for before, block in zip([None, *source.blocks], source.blocks):
            if block.kind == "heading":
                if block.text in source.head.get("new_page", "").split(", "):
                    flow.append(PageBreak())
                flow.append(Paragraph(marked(block.text), headings[block.level]))
            elif block.kind == "table":
                made = table(block.rows)
                # Right after a heading, the heading's `keepWithNext` keeps both together.
                keep = len(block.rows) < 12 and before and before.kind != "heading"
                flow += [KeepTogether([made]) if keep else made, Spacer(1, 8)]
            elif block.kind in ("bullets", "numbers"):
                flow += [item_list(block), Spacer(1, 4)]
            else:
                flow.append(Paragraph(marked(block.text), note if block.kind == "note" else body))
        return flow

    class Template(BaseDocTemplate):
        pages = 0

        def afterFlowable(self, flowable):
            if not isinstance(flowable, Paragraph) or flowable.style.name not in ("heading2", "heading3"):
                return
            level = int(flowable.style.name[-1]) - 2
            key = f"section-{self.seq.nextf('section')}"
            text = flowable.getPlainText()
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(text, key, level, closed=level == 0)
            if level == 0:
                self.notify("TOCEntry", (0, text, self.page, key))

    def decorate(canvas, document):
        canvas.saveState()
        canvas.setFont(regular, 8)
        canvas.setFillColor(colors.HexColor("#475569"))
        left, right = 22 * mm, A4[0] - 22 * mm
        canvas.drawString(left, A4[1] - 14 * mm, f"{source.head['code']}  {source.head['title']}")
        canvas.line(left, A4[1] - 16 * mm, right, A4[1] - 16 * mm)
        canvas.drawString(left, 12 * mm, COMPANY[source.language])
        canvas.drawRightString(right, 12 * mm, f"{document.page} / {total}")
        canvas.restoreState()

    def build() -> tuple[bytes, int]:
        target = io.BytesIO()
        document = Template(target, pagesize=A4, title=source.head["title"], author=COMPANY[source.language],
                            subject=source.head["code"], lang=source.language, invariant=1,
                            creator="examples/handbook-sources/make.py")
        frame = Frame(22 * mm, 20 * mm, width, A4[1] - 42 * mm, id="page", leftPadding=0, rightPadding=0)
        document.addPageTemplates([PageTemplate(id="page", frames=[frame], onPage=decorate)])
        document.multiBuild(story())
        return target.getvalue(), document.page

    # The footer names the number of pages, which the first run finds out.
    total = 0
    _, total = build()
    return build()[0]


# --- DOCX ------------------------------------------------------------------------------------


def make_docx(source: Source) -> bytes:
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    document = Document()
    properties = document.core_properties
    moment = datetime.datetime.fromisoformat(source.head["date"])
    properties.title, properties.author = source.head["title"], COMPANY[source.language]
    properties.last_modified_by, properties.subject = COMPANY[source.language], source.head["code"]
    properties.language = {"ko": "ko-KR", "en": "en-GB"}[source.language]
    properties.created = properties.modified = moment
    properties.comments = ""

    for name, size in (("Normal", 10.5), ("Title", 20), ("Heading 1", 14), ("Heading 2", 12)):
        style = document.styles[name]
        style.font.name, style.font.size = "Malgun Gothic", Pt(size)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in ("w:eastAsia", "w:ascii", "w:hAnsi"):
            fonts.set(qn(attribute), "Malgun Gothic")
        for attribute in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(attribute), None)

    def write(paragraph, text: str, bold: bool = False):
        for kind, piece in spans(text):
            run = paragraph.add_run(piece)
            run.bold = True if bold or kind else None
        return paragraph

    def page_field(paragraph, name: str):
        for kind, text in (("begin", None), (None, name), ("end", None)):
            element = OxmlElement("w:fldChar" if kind else "w:instrText")
            if kind:
                element.set(qn("w:fldCharType"), kind)
            else:
                element.text = text
            paragraph.add_run()._r.append(element)

    def restart_numbers() -> int:
        """Makes a numbering that starts at 1: without it the second list would count on."""
        numbering = document.part.numbering_part.numbering_definitions._numbering
        style_number = document.styles["List Number"].element.pPr.numPr.numId.val
        abstract = next(num.abstractNumId.val for num in numbering.num_lst if num.numId == style_number)
        number = numbering.add_num(abstract)
        number.add_lvlOverride(ilvl=0).add_startOverride(1)
        return number.numId

    section = document.sections[0]
    section.header.paragraphs[0].text = f"{source.head['code']}  {source.head['title']}"
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    footer.add_run(f"{COMPANY[source.language]}  ")
    page_field(footer, "PAGE")

    write(document.add_paragraph(style="Title"), source.head["title"])
    line = document.add_paragraph().add_run(facts_line(source))
    line.font.size, line.font.color.rgb = Pt(9), RGBColor(0x47, 0x55, 0x69)
    for block in source.blocks:
        if block.kind == "heading":
            write(document.add_paragraph(style=f"Heading {block.level - 1}"), block.text)
        elif block.kind == "table":
            table = document.add_table(rows=0, cols=len(block.rows[0]), style="Table Grid")
            for index, row in enumerate(block.rows):
                made = table.add_row()
                for target, text in zip(made.cells, row):
                    paragraph = write(target.paragraphs[0], text, bold=index == 0)
                    if index and is_number(text):
                        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
                if index == 0:
                    made._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
            document.add_paragraph()
        elif block.kind in ("bullets", "numbers"):
            number = restart_numbers() if block.kind == "numbers" else None
            for text in block.items:
                paragraph = document.add_paragraph(style="List Number" if number else "List Bullet")
                if number:
                    reference = paragraph._p.get_or_add_pPr().get_or_add_numPr()
                    reference.get_or_add_ilvl().val, reference.get_or_add_numId().val = 0, number
                write(paragraph, text)
        else:
            style = "Intense Quote" if block.kind == "note" else "Normal"
            write(document.add_paragraph(style=style), block.text)

    made = io.BytesIO()
    document.save(made)
    return with_fixed_times(made.getvalue())


def with_fixed_times(archive: bytes) -> bytes:
    """Packs a zip archive again with one time for every entry, and without the template's thumbnail."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "docProps/thumbnail.jpeg":
                continue
            if name == "_rels/.rels":
                data = re.sub(rb"<Relationship [^>]*thumbnail[^>]*/>", b"", data)
            entry = zipfile.ZipInfo(name, date_time=(2025, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            new.writestr(entry, data)
    return made.getvalue()


# --- HTML ------------------------------------------------------------------------------------


def make_html(source: Source) -> bytes:
    """Makes a page as an intranet shows it: navigation and footer around the article."""
    menu = {
        "ko": ["홈", "규정집", "업무 지원", "공지사항"],
        "en": ["Home", "Rules", "Services", "News"],
    }[source.language]
    title = html.escape(source.head["title"])
    lines = [
        "<!DOCTYPE html>", f'<html lang="{source.language}">', "<head>", '<meta charset="utf-8">',
        f"<title>{title} - {COMPANY[source.language]}</title>",
        "<style>body{font-family:'NanumGothic',sans-serif;max-width:56rem;margin:auto}"
        "table{border-collapse:collapse}th,td{border:1px solid #94a3b8;padding:.3rem .6rem}</style>",
        "</head>", "<body>", "<nav><ul>",
        *(f'<li><a href="#">{item}</a></li>' for item in menu), "</ul></nav>",
        "<main>", "<article>", f"<h1>{title}</h1>", f"<p><small>{html.escape(facts_line(source))}</small></p>",
    ]

    def marked(text: str) -> str:
        tags = {"bold": "<strong>{}</strong>", "code": "<code>{}</code>", "": "{}"}
        return "".join(tags[kind].format(html.escape(piece, quote=False)) for kind, piece in spans(text))

    for number, block in enumerate(source.blocks):
        if block.kind == "heading":
            lines.append(f'<h{block.level} id="s{number}">{marked(block.text)}</h{block.level}>')
        elif block.kind == "table":
            lines.append("<table>")
            head = "".join(f"<th>{marked(text)}</th>" for text in block.rows[0])
            lines.append(f"<thead><tr>{head}</tr></thead>")
            lines.append("<tbody>")
            for row in block.rows[1:]:
                lines.append("<tr>" + "".join(f"<td>{marked(text)}</td>" for text in row) + "</tr>")
            lines.append("</tbody></table>")
        elif block.kind in ("bullets", "numbers"):
            tag = "ul" if block.kind == "bullets" else "ol"
            lines.append(f"<{tag}>")
            lines += [f"<li>{marked(text)}</li>" for text in block.items]
            lines.append(f"</{tag}>")
        elif block.kind == "note":
            lines.append(f"<blockquote><p>{marked(block.text)}</p></blockquote>")
        else:
            lines.append(f"<p>{marked(block.text)}</p>")
    lines += ["</article>", "</main>", f"<footer>{COMPANY[source.language]} · {source.head['code']}</footer>",
              "</body>", "</html>"]
    return ("\n".join(lines) + "\n").encode()


# --- Markdown and text -----------------------------------------------------------------------


def make_markdown(source: Source) -> bytes:
    return f"# {source.head['title']}\n\n{facts_line(source)}\n\n{source.body}".encode()


def make_document(source: Source, fonts: Path) -> bytes:
    match source.file.rsplit(".", 1)[1]:
        case "pdf":
            return make_pdf(source, fonts)
        case "docx":
            return make_docx(source)
        case "html":
            return make_html(source)
        case "md":
            return make_markdown(source)
        case "txt":
            return source.body.encode()
        case other:
            raise ValueError(f"no maker for the format {other}")


# --- questions -------------------------------------------------------------------------------


@dataclass
class Section:
    """The text under one heading, one line per paragraph, list item or table row."""

    id: str
    title: str
    lines: list[str]


def sections(source: Source) -> list[Section]:
    found: list[Section] = []
    path: list[str] = []
    current: Section | None = None
    for block in source.blocks:
        if block.kind == "heading":
            path = [*path[: block.level - 2], plain(block.text)]
            current = None
            continue
        if current is None:
            title = " > ".join([source.head["title"], *path])
            current = Section(f"{source.file}#{len(found) + 1}", title, [])
            found.append(current)
        if block.kind == "table":
            current.lines += [" | ".join(plain(text) for text in row) for row in block.rows]
        elif block.items:
            current.lines += [plain(text) for text in block.items]
        else:
            current.lines.append(plain(block.text))
    return found


def fold(text: str) -> str:
    """Makes one space of whitespace and of the bar between the cells of a row."""
    return re.sub(r"[\s|]+", " ", text).strip()


def make_evaluation(sources: list[Source], questions: list[dict]) -> dict[str, bytes]:
    """Makes the BEIR files; fails when an expected string does not stand where it is said to."""
    by_file = {source.file: sections(source) for source in sources}
    corpus = [{"_id": section.id, "title": section.title, "text": "\n".join(section.lines)}
              for found in by_file.values() for section in found]
    queries, judgements = [], ["query-id\tcorpus-id\tscore"]
    for question in questions:
        queries.append({"_id": question["id"], "text": question["question"],
                        "answers": [place["contains"] for place in question["expected"]],
                        "answerable": bool(question["expected"])})
        relevant: dict[str, None] = {}
        for place in question["expected"]:
            holding = [section.id for section in by_file[place["document"]]
                       if any(fold(place["contains"]) in fold(line) for line in section.lines)]
            if not holding:
                raise ValueError(f"{question['id']}: {place['document']} does not say {place['contains']!r}")
            if len(holding) > 2:
                raise ValueError(f"{question['id']}: {place['contains']!r} says too little: {holding}")
            relevant |= dict.fromkeys(holding)
        judgements += [f"{question['id']}\t{section}\t1" for section in relevant]

    def lines_of(values: list[dict]) -> bytes:
        return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values).encode()

    return {"corpus.jsonl": lines_of(corpus), "queries.jsonl": lines_of(queries),
            "qrels/test.tsv": ("\n".join(judgements) + "\n").encode()}


def check_sources(sources: list[Source]) -> None:
    for source in sources:
        if match := SILENT_ABOUT.search(source.body):
            raise ValueError(f"{source.file} must say nothing about parking, and says {match[0]!r}")


# --- command ---------------------------------------------------------------------------------


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fonts", type=Path, required=True, help="folder with NanumGothic.ttf, NanumGothicBold.ttf, ..")
    parser.add_argument("--check", action="store_true", help="write nothing, fail if a made file differs")
    arguments = parser.parse_args()

    sources = [read_source(path) for path in sorted(SOURCES.iterdir())]
    check_sources(sources)
    made = {HANDBOOK / source.file: make_document(source, arguments.fonts) for source in sources}
    questions_file = HERE / "questions.json"
    if questions_file.exists():
        questions = json.loads(questions_file.read_text(encoding="utf-8"))
        for name, data in make_evaluation(sources, questions).items():
            made[EVALUATION / name] = data

    differing = []
    for path, data in made.items():
        if path.parent == HANDBOOK and len(data) > MAXIMUM_SIZE:
            raise ValueError(f"{path.name} has {len(data)} bytes, more than {MAXIMUM_SIZE}")
        if path.exists() and path.read_bytes() == data:
            continue
        differing.append(path)
        if not arguments.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    strangers = sorted(set(HANDBOOK.iterdir()) - made.keys()) if HANDBOOK.exists() else []
    for path in strangers:
        print(f"not made by this script: {path}", file=sys.stderr)
    for path in differing:
        print(f"{'differs' if arguments.check else 'made'}: {path.relative_to(HERE.parent)}")
    print(f"{len(made)} files, {len(differing)} {'differ' if arguments.check else 'written'}")
    return 1 if strangers or (arguments.check and differing) else 0


if __name__ == "__main__":
    sys.exit(main())
