//! What the control words of RTF mean.

use super::charset::Charset;
use super::{MAX_TABLE, Paragraph, Reader, Style, Target};

impl Reader {
    /// Does what a control word says.
    pub(super) fn word(&mut self, word: &str, value: Option<i32>) {
        let starred = std::mem::take(&mut self.starred);
        if self.destination(word, starred) {
            return;
        }
        let on = value != Some(0);
        let number = value.unwrap_or(0);
        match word {
            "yr" => self.time(0, number),
            "mo" => self.time(1, number),
            "dy" => self.time(2, number),
            "ansicpg" => self.text.codepage(number),
            "mac" => self.text.codepage(10_000),
            "deff" => self.default_font = number,
            "fromhtml" if on => {
                self.rtf.html = Some(String::new());
            }
            "htmlrtf" => {
                self.flush();
                self.state.only_rtf = on;
            }
            "uc" => self.state.fallback = usize::try_from(number).unwrap_or(0).min(20),
            "f" => self.state.font = number,
            "fcharset" if self.state.target == Target::Fonts && self.fonts.len() < MAX_TABLE => {
                self.fonts.insert(self.state.font, Charset::windows(number));
            }
            "cpg" if self.state.target == Target::Fonts && self.fonts.len() < MAX_TABLE => {
                self.fonts
                    .insert(self.state.font, Charset::codepage(number));
            }
            "s" if self.state.target == Target::Styles => self.style = number,
            "sbasedon" if self.state.target == Target::Styles => {
                if let Some(style) = self.open_style() {
                    style.based_on = Some(number);
                }
            }
            "outlinelevel" if self.state.target == Target::Styles => {
                let outline = outline(number);
                if let Some(style) = self.open_style() {
                    style.outline = outline;
                }
            }
            _ if self.state.target == Target::Styles => {}
            "v" => {
                self.flush();
                self.state.hidden = on;
            }
            "deleted" => {
                self.flush();
                self.state.deleted = on;
            }
            "plain" => {
                self.flush();
                self.state.hidden = false;
                self.state.deleted = false;
                self.state.font = -1;
            }
            "pard" => self.state.paragraph = Paragraph::default(),
            "s" => self.state.paragraph.style = number,
            "outlinelevel" => self.state.paragraph.outline = outline(number),
            "intbl" => self.state.paragraph.in_table = on,
            "itap" => self.state.paragraph.depth = usize::try_from(number).unwrap_or(0),
            "ls" => self.state.paragraph.list = number > 0,
            "ilvl" => {
                self.state.paragraph.list_level = u8::try_from(number.clamp(0, 8)).unwrap_or(0);
            }
            _ => self.text_word(word, number, on),
        }
    }

    /// A part of the day on which it was made or changed.
    fn time(&mut self, part: usize, number: i32) {
        match self.state.target {
            Target::Created => self.rtf.created[part] = number,
            Target::Modified => self.rtf.modified[part] = number,
            _ => {}
        }
    }

    /// Words that are text, or end some.
    fn text_word(&mut self, word: &str, number: i32, on: bool) {
        if matches!(
            self.state.target,
            Target::Skipped | Target::Fonts | Target::Info
        ) {
            return;
        }
        let char = match word {
            "emdash" => '—',
            "endash" => '–',
            "lquote" => '\u{2018}',
            "rquote" => '\u{2019}',
            "ldblquote" => '\u{201C}',
            "rdblquote" => '\u{201D}',
            "bullet" => '•',
            "tab" if self.rtf.html.is_some() => '\t',
            "par" | "line" if self.rtf.html.is_some() => '\n',
            "tab" | "line" | "lbr" | "emspace" | "enspace" | "qmspace" => ' ',
            _ => {
                self.structure(word, number, on);
                return;
            }
        };
        self.char(char);
    }

    /// Words that end paragraphs, cells and rows, and those that say how a row is made.
    fn structure(&mut self, word: &str, number: i32, on: bool) {
        if self.rtf.html.is_some() || self.state.target != Target::Body {
            return;
        }
        match word {
            "par" | "sect" | "page" | "column" | "softpage" => {
                self.flush();
                self.end_paragraph(None);
            }
            "cell" => {
                self.flush();
                self.end_paragraph(Some(1));
                self.story.tables.cell(1);
            }
            "nestcell" => {
                self.flush();
                let depth = self.state.paragraph.depth.max(2);
                self.end_paragraph(Some(depth));
                self.story.tables.cell(depth);
            }
            "row" => {
                self.flush();
                self.end_paragraph(Some(1));
                self.story.tables.row(1);
            }
            "nestrow" => {
                self.flush();
                let depth = self.state.paragraph.depth.max(2);
                self.story.tables.row(depth);
            }
            "trowd" => self.story.tables.define(),
            "trhdr" => self.story.tables.header(on),
            "clmrg" => self.story.tables.shape(|cell| cell.across = on),
            "clvmrg" => self.story.tables.shape(|cell| cell.down = on),
            "cellx" => self.story.tables.edge(number),
            _ => {}
        }
    }

    /// Whether a word begins a part of the document that is treated on its own.
    fn destination(&mut self, word: &str, starred: bool) -> bool {
        if self.state.target == Target::Skipped {
            // Inside a drawing there may be text.
            if matches!(word, "shptxt" | "dptxbxtext") && self.rtf.html.is_none() {
                self.begin_story(false);
                return true;
            }
            if word == "ud" {
                self.target(Target::Body);
            }
            self.embedded += usize::from(word == "objdata");
            return true;
        }
        match word {
            "fonttbl" => self.target(Target::Fonts),
            "stylesheet" => {
                self.target(Target::Styles);
                self.style = 0;
            }
            "info" => self.target(Target::Info),
            "title" if self.state.target == Target::Info => self.target(Target::Title),
            "author" if self.state.target == Target::Info => self.target(Target::Author),
            "creatim" if self.state.target == Target::Info => self.target(Target::Created),
            "revtim" if self.state.target == Target::Info => self.target(Target::Modified),
            "footnote" => self.begin_story(true),
            "listtext" | "pntext" => self.target(Target::ListText),
            "htmltag" if self.rtf.html.is_some() => self.target(Target::Html),
            // Equations, what follows fields, and tables in tables are text although old
            // readers shall pass over them.
            "moMath" | "moMathPara" | "nesttableprops" | "shppict" | "fldrslt" => {}
            // A character style; its names are no headings.
            "cs" | "ds" | "ts" | "tsrowd" if self.state.target == Target::Styles => {
                self.target(Target::Skipped);
            }
            "colortbl" | "filetbl" | "listtable" | "listoverridetable" | "revtbl" | "rsidtbl"
            | "pict" | "nonshppict" | "object" | "header" | "headerl" | "headerr" | "headerf"
            | "footer" | "footerl" | "footerr" | "footerf" | "fldinst" | "xe" | "tc" | "tcn"
            | "rxe" | "txe" | "comment" | "nonesttables" | "upr" | "shp" | "shpinst"
            | "shprslt" | "do" | "ftnsep" | "ftnsepc" | "ftncn" | "aftnsep" | "aftnsepc"
            | "aftncn" | "private" | "template" | "themedata" | "colorschememapping"
            | "datastore" | "latentstyles" | "generator" | "mmathPr" | "pntxta" | "pntxtb" => {
                self.target(Target::Skipped);
            }
            _ if starred => self.target(Target::Skipped),
            _ => return false,
        }
        true
    }

    fn open_style(&mut self) -> Option<&mut Style> {
        if self.styles.len() >= MAX_TABLE && !self.styles.contains_key(&self.style) {
            return None;
        }
        Some(self.styles.entry(self.style).or_default())
    }
}

/// The level of an outline: 0 to 8 are headings, 9 is running text.
fn outline(level: i32) -> Option<u8> {
    u8::try_from(level)
        .ok()
        .filter(|level| *level < 9)
        .map(|level| level + 1)
}
