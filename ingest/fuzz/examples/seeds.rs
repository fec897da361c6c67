//! Writes small files for each target to begin with into `corpus`; those of a folder too, if one
//! is named: `cargo run --example seeds [FOLDER]`.

use std::fs;
use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};

use flate2::read::DeflateDecoder;
use ingest_fuzz::build;

/// Bytes that a seed may have.
const MAX_SEED: usize = 64 << 10;

type Parts<'a> = &'a [(&'a str, &'a str)];

const PDF: Parts = &[
    (
        "",
        "<< /Type /Catalog /Pages 2 0 R /Outlines 10 0 R /PageLabels << /Nums [0 << /S /r >>] >> /AcroForm << /Fields [9 0 R] >> /OCProperties << /OCGs [11 0 R] /D << /OFF [11 0 R] >> >> >>",
    ),
    (
        "",
        "<< /Type /Pages /Count 1 /Kids [3 0 R] /MediaBox [0 0 600 800] >>",
    ),
    (
        "",
        "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Rotate 90 /CropBox [10 10 500 700] /Annots [9 0 R] /Resources << /Font << /F1 5 0 R /F2 6 0 R >> /XObject << /X1 8 0 R >> /Properties << /MC0 11 0 R >> >> >>",
    ),
    (
        "",
        "<< >>\nstream\nBT /F1 10 Tf 14 TL 50 700 Td (Annual leave is fif-) Tj T* (teen days.) Tj ET\nBT /F2 12 Tf 1 0 0 1 50 600 Tm <AC00B098> Tj ET q 1 0 0 1 20 30 cm /X1 Do Q\n50 500 m 250 500 l S 50 520 m 250 520 l S 50 480 m 250 480 l S 50 480 m 50 520 l S 150 480 m 150 520 l S 250 480 m 250 520 l S\nBT /F1 9 Tf 55 505 Td [(A) -300 (1)] TJ 100 0 Td (B) Tj -100 -20 Td (C) Tj 100 0 Td (D) ' ET /OC /MC0 BDC BT /F1 8 Tf (hidden) Tj ET EMC",
    ),
    (
        "",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /BaseEncoding /WinAnsiEncoding /Differences [65 /B /uniAC00] >> /FirstChar 65 /Widths [600 700] >>",
    ),
    (
        "",
        "<< /Type /Font /Subtype /Type0 /BaseFont /Batang /Encoding /UniKS-UTF16-H /DescendantFonts [<< /Type /Font /Subtype /CIDFontType0 /CIDSystemInfo << /Registry (Adobe) /Ordering (Korea1) /Supplement 1 >> /DW 900 /W [1 [500 600] 10 20 700] >>] /ToUnicode 7 0 R >>",
    ),
    (
        "",
        "<< >>\nstream\n/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange 1 beginbfchar <0041> <AC00> endbfchar 1 beginbfrange <0042> <0050> <AC01> endbfrange endcmap",
    ),
    (
        "",
        "<< /Type /XObject /Subtype /Form /BBox [0 0 600 800] /Matrix [1 0 0 1 0 0] /Resources << /Font << /F1 5 0 R >> >> >>\nstream\nBT /F1 10 Tf 50 300 Td (Inside a form.) Tj ET BI /W 1 /H 1 /BPC 8 /CS /G ID x EI",
    ),
    (
        "",
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Kim) /Rect [50 50 200 70] /DA (/F1 10 Tf) /MK << /R 90 >> >>",
    ),
    ("", "<< /First 12 0 R /Last 12 0 R >>"),
    ("", "<< /Type /OCG /Name (off) >>"),
    (
        "",
        "<< /Title (Annual leave) /Dest [3 0 R /XYZ 0 700 0] /Parent 10 0 R >>",
    ),
    ("", "<< /Title (Rules) /Author (Kim) >>"),
];

const DOCX: Parts = &[
    ("[Content_Types].xml", "<Types/>"),
    (
        "word/document.xml",
        "<w:document><w:body><w:p><w:pPr><w:pStyle w:val=\"H\"/><w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"1\"/></w:numPr></w:pPr><w:r><w:t>휴가 규정</w:t></w:r></w:p><w:p><w:r><w:t xml:space=\"preserve\">Leave is </w:t><w:tab/><w:br/><w:delText>old</w:delText></w:r><w:ins><w:r><w:t>15 days.</w:t></w:r></w:ins><w:r><w:footnoteReference w:id=\"2\"/></w:r></w:p><w:tbl><w:tr><w:trPr><w:tblHeader/></w:trPr><w:tc><w:tcPr><w:gridSpan w:val=\"2\"/><w:vMerge w:val=\"restart\"/></w:tcPr><w:p><w:r><w:t>구분</w:t></w:r></w:p></w:tc></w:tr><w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc><w:tc><w:tbl><w:tr><w:tc><w:p><w:r><w:t>in</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:tc></w:tr></w:tbl><w:p><w:r><w:drawing><wps:txbx><w:txbxContent><w:p><w:r><w:t>box</w:t></w:r></w:p></w:txbxContent></wps:txbx></w:drawing></w:r><m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f></m:oMath></w:p></w:body></w:document>",
    ),
    (
        "word/styles.xml",
        "<w:styles><w:style w:type=\"paragraph\" w:styleId=\"H\"><w:name w:val=\"heading 1\"/><w:basedOn w:val=\"N\"/><w:pPr><w:outlineLvl w:val=\"0\"/></w:pPr></w:style></w:styles>",
    ),
    (
        "word/numbering.xml",
        "<w:numbering><w:abstractNum w:abstractNumId=\"0\"><w:lvl w:ilvl=\"0\"><w:start w:val=\"1\"/><w:numFmt w:val=\"decimal\"/><w:lvlText w:val=\"제%1조\"/></w:lvl></w:abstractNum><w:num w:numId=\"1\"><w:abstractNumId w:val=\"0\"/></w:num></w:numbering>",
    ),
    (
        "word/footnotes.xml",
        "<w:footnotes><w:footnote w:id=\"2\"><w:p><w:r><w:t>note</w:t></w:r></w:p></w:footnote></w:footnotes>",
    ),
    (
        "word/_rels/document.xml.rels",
        "<Relationships><Relationship Id=\"r1\" Type=\"x/chart\" Target=\"charts/chart1.xml\"/></Relationships>",
    ),
];

const PPTX: Parts = &[
    ("[Content_Types].xml", "<Types/>"),
    (
        "ppt/presentation.xml",
        "<p:presentation><p:sldIdLst><p:sldId id=\"256\" r:id=\"rId1\"/></p:sldIdLst><p:sldSz cx=\"9144000\" cy=\"6858000\"/></p:presentation>",
    ),
    (
        "ppt/_rels/presentation.xml.rels",
        "<Relationships><Relationship Id=\"rId1\" Type=\"x/slide\" Target=\"slides/slide1.xml\"/></Relationships>",
    ),
    (
        "ppt/slides/slide1.xml",
        "<p:sld><p:cSld><p:spTree><p:sp><p:nvSpPr><p:nvPr><p:ph type=\"title\"/></p:nvPr></p:nvSpPr><p:spPr><a:xfrm><a:off x=\"10\" y=\"20\"/><a:ext cx=\"300\" cy=\"100\"/></a:xfrm></p:spPr><p:txBody><a:p><a:r><a:t>제목</a:t></a:r></a:p></p:txBody></p:sp><p:grpSp><p:grpSpPr><a:xfrm><a:off x=\"0\" y=\"0\"/><a:ext cx=\"9\" cy=\"9\"/><a:chOff x=\"0\" y=\"0\"/><a:chExt cx=\"3\" cy=\"3\"/></a:xfrm></p:grpSpPr><p:sp><p:txBody><a:p><a:pPr lvl=\"1\"><a:buChar char=\"-\"/></a:pPr><a:r><a:t>item</a:t></a:r></a:p></p:txBody></p:sp></p:grpSp><p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr><a:tc gridSpan=\"2\" rowSpan=\"2\"><a:txBody><a:p><a:r><a:t>cell</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl><c:chart r:id=\"rId2\"/></a:graphicData></a:graphic></p:graphicFrame></p:spTree></p:cSld></p:sld>",
    ),
    (
        "ppt/slides/_rels/slide1.xml.rels",
        "<Relationships><Relationship Id=\"rId2\" Type=\"x/chart\" Target=\"../charts/chart1.xml\"/></Relationships>",
    ),
    (
        "ppt/charts/chart1.xml",
        "<c:chartSpace><c:chart><c:plotArea><c:barChart><c:ser><c:tx><c:v>판매</c:v></c:tx><c:cat><c:strCache><c:ptCount val=\"2\"/><c:pt idx=\"0\"><c:v>Q1</c:v></c:pt></c:strCache></c:cat><c:val><c:numCache><c:formatCode>0.0%</c:formatCode><c:pt idx=\"0\"><c:v>0.5</c:v></c:pt></c:numCache></c:val></c:ser></c:barChart></c:plotArea></c:chart></c:chartSpace>",
    ),
];

const XLSX: Parts = &[
    ("[Content_Types].xml", "<Types/>"),
    (
        "xl/workbook.xml",
        "<workbook><workbookPr date1904=\"0\"/><sheets><sheet name=\"매출\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>",
    ),
    (
        "xl/_rels/workbook.xml.rels",
        "<Relationships><Relationship Id=\"rId1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"x/styles\" Target=\"styles.xml\"/><Relationship Id=\"rId3\" Type=\"x/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>",
    ),
    (
        "xl/worksheets/sheet1.xml",
        "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" s=\"1\"><v>45292.5</v></c></row><row r=\"3\"><c r=\"C3\" s=\"2\"><f>A1</f><v>-1234.5</v></c><c r=\"D3\" t=\"inlineStr\"><is><t>in</t></is></c><c t=\"b\"><v>1</v></c></row></sheetData><mergeCells><mergeCell ref=\"A1:B2\"/></mergeCells></worksheet>",
    ),
    (
        "xl/styles.xml",
        "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"yyyy&quot;년&quot; m&quot;월&quot; [h]:mm AM/PM\"/><numFmt numFmtId=\"165\" formatCode=\"#,##0.00_);[Red](#,##0.00);&quot;-&quot;?? ;@ ?/? 0.0E+00\"/></numFmts><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"164\"/><xf numFmtId=\"165\"/></cellXfs></styleSheet>",
    ),
    (
        "xl/sharedStrings.xml",
        "<sst><si><t>품목</t><rPh><t>x</t></rPh></si></sst>",
    ),
];

const HWPX: Parts = &[
    ("mimetype", "application/hwp+zip"),
    (
        "Contents/content.hpf",
        "<opf:package><opf:metadata><opf:title>규정</opf:title></opf:metadata><opf:manifest><opf:item id=\"section0\" href=\"Contents/section0.xml\"/></opf:manifest><opf:spine><opf:itemref idref=\"section0\"/></opf:spine></opf:package>",
    ),
    (
        "Contents/header.xml",
        "<hh:head><hh:refList><hh:numberings><hh:numbering id=\"1\"><hh:paraHead level=\"1\" start=\"1\" numFormat=\"HANGUL_SYLLABLE\">^1.</hh:paraHead></hh:numbering></hh:numberings><hh:paraProperties><hh:paraPr id=\"0\"><hh:heading type=\"OUTLINE\" idRef=\"1\" level=\"0\"/></hh:paraPr></hh:paraProperties><hh:styles><hh:style id=\"0\" name=\"개요 1\"/></hh:styles></hh:refList></hh:head>",
    ),
    (
        "Contents/section0.xml",
        "<hs:sec><hp:p paraPrIDRef=\"0\" styleIDRef=\"0\"><hp:run><hp:t>총칙</hp:t></hp:run></hp:p><hp:p><hp:run><hp:tbl><hp:tr><hp:tc><hp:cellAddr colAddr=\"0\" rowAddr=\"0\"/><hp:cellSpan colSpan=\"2\" rowSpan=\"1\"/><hp:subList><hp:p><hp:run><hp:t>칸</hp:t></hp:run></hp:p></hp:subList></hp:tc></hp:tr></hp:tbl><hp:ctrl><hp:footNote><hp:subList><hp:p><hp:run><hp:t>주<hp:lineBreak/></hp:t></hp:run></hp:p></hp:subList></hp:footNote></hp:ctrl></hp:run></hp:p></hs:sec>",
    ),
];

const ODT: Parts = &[
    ("mimetype", "application/vnd.oasis.opendocument.text"),
    (
        "content.xml",
        "<office:document-content><office:automatic-styles><text:list-style style:name=\"L1\"><text:list-level-style-number text:level=\"1\" style:num-format=\"a\" style:num-suffix=\".\"/></text:list-style></office:automatic-styles><office:body><office:text><text:h text:outline-level=\"1\">휴가</text:h><text:p>Leave<text:s text:c=\"3\"/>is<text:tab/>15<text:note><text:note-body><text:p>note</text:p></text:note-body></text:note></text:p><text:list text:style-name=\"L1\"><text:list-item><text:p>item</text:p></text:list-item></text:list><table:table><table:table-header-rows><table:table-row><table:table-cell table:number-columns-spanned=\"2\"><text:p>h</text:p></table:table-cell></table:table-row></table:table-header-rows><table:table-row table:number-rows-repeated=\"3\"><table:table-cell table:number-columns-repeated=\"2\"><text:p>c</text:p></table:table-cell></table:table-row></table:table></office:text></office:body></office:document-content>",
    ),
    ("styles.xml", "<office:document-styles/>"),
];

const ODS: Parts = &[
    ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
    (
        "content.xml",
        "<office:document-content><office:body><office:spreadsheet><table:table table:name=\"매출\"><table:table-row table:number-rows-repeated=\"2\"><table:table-cell table:number-columns-repeated=\"3\" office:value-type=\"float\" office:value=\"1.5\"><text:p>1.5</text:p></table:table-cell><table:covered-table-cell/></table:table-row></table:table></office:spreadsheet></office:body></office:document-content>",
    ),
];

const ODP: Parts = &[
    (
        "mimetype",
        "application/vnd.oasis.opendocument.presentation",
    ),
    (
        "content.xml",
        "<office:document-content><office:body><office:presentation><draw:page draw:name=\"p1\"><draw:frame presentation:class=\"title\" svg:x=\"1cm\" svg:y=\"2in\" svg:width=\"3cm\" svg:height=\"4pt\"><draw:text-box><text:p>제목</text:p></draw:text-box></draw:frame><draw:g><draw:custom-shape><text:p>shape</text:p></draw:custom-shape></draw:g><presentation:notes><draw:frame><draw:text-box><text:p>note</text:p></draw:text-box></draw:frame></presentation:notes></draw:page></office:presentation></office:body></office:document-content>",
    ),
];

const FILES: Parts = &[
    ("규정/휴가.txt", "제1조(목적) 휴가를 정한다."),
    ("../up.csv", "이름,수\n사과,3\n"),
    (
        "a.html",
        "<h1>Title</h1><table><tr><td rowspan=2>a<td>b</table>",
    ),
    (
        "b.md",
        "# One\n\n- item\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
    ),
    ("c.rtf", "{\\rtf1 text}"),
];

const TEXTS: &[&str] = &[
    "제1장 총칙\n\n제1조(목적) 이 규정은 연차를 정한다.\n① 첫째\n가. 둘째\n- 셋째\n\n구분   일수\n연차   15\n",
    "# Title\n\nText that goes on\nand on.\n\n```\ncode\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[link](http://a) ![picture](b)\n",
    "이름;수량\n\"사\"\"과\";3\n배;4\n",
    "<!doctype html><title>t</title><h2>a</h2><p>b<br>c<table><tr><th>d<td colspan=2>e</table>",
    "{\\rtf1\\ansi\\ansicpg949 \\'b0\\'a1}",
    "From: a@b.c\r\nSubject: s\r\nDate: Mon, 1 Jan 2024 00:00:00 +0900\r\n\r\ntext\r\n",
    "<?xml version=\"1.0\"?><HWPML><HEAD/><BODY><SECTION><P><TEXT><CHAR>글</CHAR><TABLE><ROW><CELL ColAddr=\"0\" RowAddr=\"0\" ColSpan=\"2\"><PARALIST><P><TEXT><CHAR>칸</CHAR></TEXT></P></PARALIST></CELL></ROW></TABLE></TEXT></P></SECTION></BODY></HWPML>",
    "e\u{301}\u{200b}\u{301} \u{feff} 각 \u{1112}\u{1161}\u{11ab}",
];

const RTF: &[&str] = &[
    r"{\rtf1\ansi\ansicpg949\deff0{\fonttbl{\f0\fcharset129 Batang;}}{\stylesheet{\s1\outlinelevel0 heading 1;}}{\info{\title T}}\pard\s1 \'c8\'de\'b0\'a1\par\pard\ls1\ilvl0{\listtext 1.\tab}item\par\u50500?\uc2\u-10308??\par{\field{\*\fldinst HYPERLINK x}{\fldrslt link}}{\footnote note}\par}",
    r"{\rtf1\trowd\trhdr\clmgf\cellx1000\clmrg\cellx2000 a\intbl\cell b\cell\row\trowd\clvmgf\cellx1000\clvmrg\cellx2000 c\cell\itap2 x\nestcell{\*\nesttableprops\trowd\cellx500\nestrow}d\cell\row\pard after\bin4 1234\line\tab\~\_\-\{\}{\*\unknown drop}{\pict\bin2 ab}{\shp{\*\shpinst{\shptxt box}}}\par}",
];

const HTML: &[&str] = &[
    "<!doctype html><html><head><meta charset=euc-kr><title>규정</title><style>a{}</style><script>x</script></head><body><nav>n</nav><main><h1>휴가</h1><p>a&nbsp;b<br>c &amp; d<ul><li>x<ol><li>y</ol></ul><table><caption>c</caption><thead><tr><th rowspan=2 colspan=3>h</th></tr></thead><tr><td>1<table><tr><td>in</table></table><pre>a\n  b</pre><blockquote>q</blockquote><dl><dt>t<dd>d</dl><details hidden>h</details><img alt=pic><svg><text>s</text></svg><math><mi>x</mi></math><select><option>o</select><textarea>t</textarea></main></body></html>",
];

const MAIL: &[&str] = &[
    "From: =?utf-8?B?6rmA?= <a@b.c>\r\nTo: \"B\" <b@b.c>, c@b.c\r\nSubject: =?euc-kr?Q?=C8=DE=B0=A1?=\r\nDate: Mon, 1 Jan 2024 00:00:00 +0900\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: multipart/alternative; boundary=\"y\"\r\n\r\n--y\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=EA=B0=80 text=\r\n\r\n> quoted\r\n-- \r\nsign\r\n--y\r\nContent-Type: text/html\r\n\r\n<p>text\r\n--y--\r\n--x\r\nContent-Type: text/plain; name*=utf-8''%EA%B0%80.txt\r\nContent-Disposition: attachment; filename=\"a.txt\"\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJj\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nFrom: d@b.c\r\nSubject: inner\r\n\r\ninner\r\n--x--\r\n",
    "From: <Saved by Blink>\r\nSnapshot-Content-Location: http://a/\r\nSubject: page\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; type=\"text/html\"; boundary=\"z\"\r\n\r\n--z\r\nContent-Type: text/html\r\nContent-Location: http://a/\r\n\r\n<h1>page</h1>\r\n--z\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJj\r\n--z--\r\n",
];

fn utf_16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A record of a HWP stream.
fn record(tag: u32, level: u32, data: &[u8]) -> Vec<u8> {
    let size = u32::try_from(data.len()).unwrap_or(u32::MAX).min(0xFFE);
    [&(tag | level << 10 | size << 20).to_le_bytes(), data].concat()
}

fn control(name: [u8; 4], level: u32, data: &[u8]) -> Vec<u8> {
    let name = u32::from_be_bytes(name).to_le_bytes();
    record(0x47, level, &[&name, data].concat())
}

/// The character that stands for a control.
fn mark(code: u16, name: [u8; 4]) -> Vec<u8> {
    let name = u32::from_be_bytes(name).to_le_bytes();
    let code = code.to_le_bytes();
    [&code[..], &name, &[0; 8], &code].concat()
}

fn paragraph(level: u32, shape: u16, units: &[u8]) -> Vec<u8> {
    let mut header = vec![0; 8];
    header.extend(shape.to_le_bytes());
    header.extend([0; 14]);
    let text = [units, &[13, 0]].concat();
    [record(0x42, level, &header), record(0x43, level + 1, &text)].concat()
}

fn cell(level: u32, address: [u16; 4], inside: &[u8]) -> Vec<u8> {
    let mut data = vec![0; 8];
    data.extend(address.into_iter().flat_map(u16::to_le_bytes));
    [record(0x48, level, &data), inside.to_vec()].concat()
}

fn hwp() -> Vec<u8> {
    let string = |text: &str| {
        let length = u16::try_from(text.encode_utf16().count()).unwrap_or(0);
        [length.to_le_bytes().to_vec(), utf_16(text)].concat()
    };
    let mut shape = (1_u32 << 23).to_le_bytes().to_vec();
    shape.resize(40, 0);
    let numbering: Vec<u8> = (0..7)
        .flat_map(|_| [vec![0; 12], string("^1.")].concat())
        .collect();
    let styles = [
        record(0x10, 0, &[0; 26]),
        record(0x17, 0, &numbering),
        record(0x19, 0, &shape),
        record(0x1A, 0, &[string("개요 1"), string("Outline 1")].concat()),
    ]
    .concat();
    let mut table = vec![0; 4];
    table.extend([2, 0, 2, 0]);
    let section = [
        paragraph(0, 0, &[mark(2, *b"secd"), utf_16("총칙")].concat()),
        control(*b"secd", 1, &[0; 26]),
        paragraph(
            0,
            0,
            &[utf_16("표"), mark(11, *b"tbl "), mark(17, *b"fn  ")].concat(),
        ),
        control(*b"tbl ", 1, &[0; 40]),
        record(0x4D, 2, &table),
        cell(2, [0, 0, 2, 1], &paragraph(2, 1, &utf_16("가"))),
        cell(2, [0, 1, 1, 1], &paragraph(2, 1, &utf_16("나"))),
        control(*b"fn  ", 1, &[0; 8]),
        record(0x48, 2, &[0; 8]),
        paragraph(2, 1, &utf_16("주")),
        paragraph(
            0,
            1,
            &[
                mark(3, *b"%hlk"),
                utf_16("link"),
                mark(4, *b"%hlk"),
                mark(11, *b"eqed"),
                mark(11, *b"gso "),
            ]
            .concat(),
        ),
        control(*b"%hlk", 1, &string("http://a")),
        control(*b"eqed", 1, &[0; 40]),
        record(0x58, 2, &[vec![0; 4], string("1 over 2")].concat()),
        control(*b"gso ", 1, &[0; 40]),
        record(0x4C, 2, &[0; 40]),
        record(0x48, 3, &[0; 8]),
        paragraph(3, 1, &utf_16("글상자")),
    ]
    .concat();
    build::input(&[
        ("DocInfo", styles),
        ("BodyText/Section0", section),
        ("BodyText/Section1", paragraph(0, 0, &utf_16("둘째"))),
    ])
}

fn msg() -> Vec<u8> {
    let text = |id: &str, text: &str| (format!("__substg1.0_{id}001F"), utf_16(text));
    let mut header = vec![0; 32];
    header.extend([3, 0, 0x17, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    let attachment = "__attach_version1.0_#00000000/";
    let person = "__recip_version1.0_#00000000/";
    build::input(&[
        ("__properties_version1.0".to_owned(), header),
        text("001A", "IPM.Note"),
        text("0037", "휴가 문의"),
        text("1000", "본문이다.\r\n> 인용"),
        text("0C1A", "김"),
        ("__substg1.0_10130102".to_owned(), b"<p>html</p>".to_vec()),
        (format!("{attachment}__properties_version1.0"), vec![0; 24]),
        (format!("{attachment}__substg1.0_3707001F"), utf_16("a.txt")),
        (
            format!("{attachment}__substg1.0_37010102"),
            b"attached".to_vec(),
        ),
        (format!("{person}__properties_version1.0"), vec![0; 24]),
        (format!("{person}__substg1.0_3001001F"), utf_16("이")),
    ])
}

/// What a file is to the targets: itself, and its parts where it has some.
fn seeds_of(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut seeds = Vec::new();
    if bytes.starts_with(b"%PDF") {
        seeds.push(("pdf", bytes.to_vec()));
        seeds.extend(objects(bytes).map(|seed| ("pdf", seed)));
    } else if bytes.starts_with(b"PK") {
        seeds.push(("archive", bytes.to_vec()));
        seeds.extend(entries(bytes).map(|seed| ("archive", seed)));
    } else if bytes.starts_with(b"\xD0\xCF\x11\xE0") {
        let (target, seed) = streams(bytes);
        seeds.push((target, bytes.to_vec()));
        seeds.extend(seed.map(|seed| (target, seed)));
    } else {
        seeds.push(("sniff", [b"\0", bytes].concat()));
    }
    seeds
}

/// The objects of a PDF, nothing in them compressed.
fn objects(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut pdf = lopdf::Document::load_mem(bytes).ok()?;
    pdf.decompress();
    pdf.renumber_objects();
    let mut file = Vec::new();
    pdf.save_to(&mut file).ok()?;
    let mut parts = Vec::new();
    let mut rest = &file[..];
    let find =
        |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|window| window == what);
    while let Some(start) = find(rest, b" 0 obj\n") {
        rest = &rest[start + 7..];
        let end = find(rest, b"\nendobj")?;
        let object = &rest[..end];
        parts.push((
            "",
            object
                .strip_suffix(b"\nendstream")
                .unwrap_or(object)
                .to_vec(),
        ));
        rest = &rest[end..];
    }
    Some(build::input(&parts))
}

/// The files in a ZIP archive that are text.
fn entries(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut parts = Vec::new();
    for index in 0..archive.len() {
        let mut text = String::new();
        let Ok(mut entry) = archive.by_index(index) else {
            continue;
        };
        let Ok(name) = entry.name().map(std::borrow::Cow::into_owned) else {
            continue;
        };
        if entry.read_to_string(&mut text).is_ok() {
            parts.push((name, text));
        }
    }
    Some(build::input(&parts))
}

/// The streams of a Compound File, inflated where it is a HWP document, and what target it is for.
fn streams(bytes: &[u8]) -> (&'static str, Option<Vec<u8>>) {
    let Ok(mut file) = cfb::CompoundFile::open(Cursor::new(bytes)) else {
        return ("hwp", None);
    };
    let is_hwp = file.is_stream("/FileHeader");
    let paths: Vec<PathBuf> = file
        .walk()
        .filter(cfb::Entry::is_stream)
        .map(|entry| entry.path().to_owned())
        .collect();
    let mut parts = Vec::new();
    for path in paths {
        let name = path
            .strip_prefix("/")
            .unwrap_or(&path)
            .to_string_lossy()
            .into_owned();
        let mut bytes = Vec::new();
        let read = file
            .open_stream(&path)
            .and_then(|mut stream| stream.read_to_end(&mut bytes));
        if read.is_err() || name == "FileHeader" {
            continue;
        }
        if is_hwp {
            if !(name == "DocInfo" || name.starts_with("BodyText") || name.contains("Summary")) {
                continue;
            }
            let mut inflated = Vec::new();
            if DeflateDecoder::new(&*bytes)
                .read_to_end(&mut inflated)
                .is_ok()
            {
                bytes = inflated;
            }
        }
        parts.push((name, bytes));
    }
    let target = if is_hwp { "hwp" } else { "mail" };
    (target, Some(build::input(&parts)))
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn main() -> std::io::Result<()> {
    let mut seeds: Vec<(&str, Vec<u8>)> = Vec::new();
    seeds.push(("pdf", build::input(PDF)));
    for parts in [DOCX, PPTX, XLSX, HWPX, ODT, ODS, ODP, FILES] {
        seeds.push(("archive", build::input(parts)));
    }
    for input in [
        build::input(PDF),
        build::input(DOCX),
        build::input(FILES),
        hwp(),
        msg(),
    ] {
        let parts = build::parts(&input).unwrap_or_default();
        // Whole files too: how they are packed is read by us and by others.
        seeds.push(match (&parts[0].0, &parts[0].1) {
            (_, first) if first.starts_with(b"<< /Type /Catalog") => ("pdf", build::pdf(&parts)),
            (name, _) if name == "DocInfo" => ("hwp", build::hwp(&parts)),
            (name, _) if name.starts_with("__") => ("mail", build::compound(&parts)),
            _ => ("archive", build::zip(&parts)),
        });
    }
    seeds.push(("hwp", hwp()));
    seeds.push(("mail", msg()));
    for (target, texts) in [("mail", MAIL), ("rtf", RTF), ("html", HTML)] {
        seeds.extend(texts.iter().map(|text| (target, text.as_bytes().to_vec())));
    }
    for (first, text) in (0..).zip(TEXTS) {
        seeds.push(("sniff", [&[first], text.as_bytes()].concat()));
        seeds.push(("sniff", [&[first][..], b"\xFF\xFE", &utf_16(text)].concat()));
        seeds.push(("sniff", [&[first], &utf_16(text)[..]].concat()));
    }
    seeds.push((
        "sniff",
        b"\x01\xC8\xDE\xB0\xA1 \xB1\xD4\xC1\xA4\n\xBF\xAC\xC2\xF7".to_vec(),
    ));
    if let Some(folder) = std::env::args_os().nth(1) {
        for path in files_under(Path::new(&folder)) {
            seeds.extend(seeds_of(&fs::read(path)?));
        }
    }
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut written = 0;
    for (number, (target, seed)) in seeds.iter().enumerate() {
        if seed.len() <= MAX_SEED {
            let folder = corpus.join(target);
            fs::create_dir_all(&folder)?;
            fs::write(folder.join(format!("seed-{number}")), seed)?;
            written += 1;
        }
    }
    println!("{written} seeds in {}", corpus.display());
    Ok(())
}
