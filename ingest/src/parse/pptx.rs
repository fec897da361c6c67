//! PPTX: the slides of a presentation, each with its title, text, tables, charts and notes.
//!
//! Shapes are read from the top left to the bottom right. Left out: hidden slides (a problem
//! says how many), footers, dates and slide numbers, and the text of layouts and masters,
//! which are prompts. The notes of a slide stand after it, behind a paragraph that says so.

use std::collections::{BTreeMap, HashMap};

use super::container::{self, Container};
use super::drawing::{self, Context, Drawing, Layout};
use super::flow::Item;
use super::ooxml::{self, Relation, main_part, readable, related, relation_id, relations};
use super::xml::{attribute, each_element, first_text};
use super::{ParseError, Parsed, Progress, chart, slide};
use crate::{DocumentBuilder, Problem};

/// English Metric Units in a point.
const EMU: f32 = 12_700.0;
/// Slides that are read.
const MAX_SLIDES: usize = 5_000;

/// Whether the bytes are a presentation.
pub(super) fn recognizes(bytes: &[u8], _file_name: &str) -> bool {
    container::has_part(bytes, |name| {
        name == "ppt/presentation.xml" || is_slide(name)
    })
}

fn is_slide(name: &str) -> bool {
    name.strip_prefix("ppt/slides/slide")
        .is_some_and(|name| std::path::Path::new(name).extension() == Some("xml".as_ref()))
}

/// Reads a presentation.
///
/// # Errors
/// When it is encrypted, damaged, or over a limit.
pub fn parse(bytes: &[u8], progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let mut container = Container::open(bytes)?;
    let mut problems = Vec::new();
    let main = main_part(&mut container, "ppt/presentation.xml")?;
    let presentation = readable(container.part(&main), &mut problems, None)?
        .flatten()
        .unwrap_or_default();
    let (width, height, mut slides) = slides(&mut container, &main, &presentation)?;
    if slides.is_empty() {
        slides = loose_slides(&container);
        if slides.is_empty() && container.part(&main)?.is_none() {
            return Err(ParseError::Damaged {
                reason: format!("it has neither a part `{main}` nor slides"),
            });
        }
        if !slides.is_empty() {
            problems.push(Problem::of_file(format!(
                "its part `{main}` does not say which slides it has; they were read in the order of their names"
            )));
        }
    }
    if slides.len() > MAX_SLIDES {
        return Err(ParseError::Limit {
            reason: format!(
                "it has {} slides, and {MAX_SLIDES} is the most that is read",
                slides.len()
            ),
        });
    }
    let mut builder = DocumentBuilder::default();
    if let Some(core) = readable(container.part("docprops/core.xml"), &mut problems, None)? {
        let core = core.unwrap_or_default();
        builder.properties(ooxml::properties(&core));
        let title = first_text(&core, "title");
        // What PowerPoint writes where nobody gave a title.
        if !matches!(
            title.trim(),
            "PowerPoint Presentation" | "PowerPoint 프레젠테이션" | "Slide 1" | "슬라이드 1"
        ) {
            builder.title(&title);
        }
    }
    let mut reader = Slides {
        container,
        layouts: HashMap::new(),
        problems,
        hidden: 0,
        embedded: 0,
    };
    let count = u32::try_from(slides.len()).ok();
    for (number, part) in (1..).zip(&slides) {
        reader.slide(&mut builder, number, part, (width, height))?;
        progress(number, count);
    }
    let mut problems = reader.problems;
    problems.extend(slide::hidden_slides(reader.hidden).map(Problem::of_file));
    match reader.embedded {
        0 => {}
        1 => problems.push(Problem::of_file(
            "1 file embedded in it was not read".to_owned(),
        )),
        count => problems.push(Problem::of_file(format!(
            "{count} files embedded in it were not read"
        ))),
    }
    Ok(Parsed::new(builder.finish(), problems))
}

/// The size of the slides in points, and the parts of the slides in order.
fn slides(
    container: &mut Container<'_>,
    main: &str,
    presentation: &str,
) -> Result<(f32, f32, Vec<String>), ParseError> {
    let relations = relations(container, main)?;
    let (mut width, mut height) = (0.0, 0.0);
    let mut slides = Vec::new();
    each_element(presentation, |element, around| {
        match element.local_name().as_ref() {
            "sldSz" => {
                let points = |name| {
                    attribute(element, name)
                        .and_then(|size| size.parse::<f32>().ok())
                        .filter(|size| size.is_finite() && *size > 0.0)
                        .map_or(0.0, |size| size / EMU)
                };
                (width, height) = (points("cx"), points("cy"));
            }
            "sldId" if around.last().is_some_and(|name| name == "sldIdLst") => {
                let relation = relation_id(element).and_then(|id| relations.get(&id));
                slides.extend(
                    relation
                        .filter(|relation| relation.kind == "slide")
                        .map(|relation| relation.part.clone()),
                );
            }
            _ => {}
        }
    });
    Ok((width, height, slides))
}

/// The slides of a presentation that does not list them, by the numbers in their names.
fn loose_slides(container: &Container<'_>) -> Vec<String> {
    let mut slides: Vec<String> = container
        .names("ppt/slides/slide")
        .into_iter()
        .filter(|name| is_slide(name))
        .collect();
    // Longer numbers are higher ones.
    slides.sort_by(|one, other| (one.len(), one).cmp(&(other.len(), other)));
    slides
}

/// Reads slides, and what they refer to.
struct Slides<'a> {
    container: Container<'a>,
    /// Layouts and masters by their parts, with the part that each is made after.
    layouts: HashMap<String, (Layout, Option<String>)>,
    problems: Vec<Problem>,
    hidden: usize,
    embedded: usize,
}

impl Slides<'_> {
    fn slide(
        &mut self,
        builder: &mut DocumentBuilder,
        number: u32,
        part: &str,
        (width, height): (f32, f32),
    ) -> Result<(), ParseError> {
        let page = Some(number);
        let Some(text) = readable(self.container.part(part), &mut self.problems, page)? else {
            builder.slide(number, None, width, height);
            return Ok(());
        };
        let Some(text) = text else {
            self.problems.push(Problem {
                page,
                message: format!("slide {number} is missing: there is no part `{part}`"),
            });
            builder.slide(number, None, width, height);
            return Ok(());
        };
        let relations = relations(&mut self.container, part)?;
        let layout = related(&relations, "slideLayout").map(str::to_owned);
        let master = match &layout {
            Some(layout) => self.layout(layout)?,
            None => None,
        };
        if let Some(master) = &master {
            self.layout(master)?;
        }
        let linked = self.linked(&relations, page)?;
        let get = |part: &Option<String>| {
            let part = part.as_ref()?;
            Some(&self.layouts.get(part)?.0)
        };
        let context = Context {
            layout: get(&layout),
            master: get(&master),
            linked,
            notes: false,
        };
        let slide = drawing::read(&text, part, &context);
        if slide.is_hidden {
            self.hidden += 1;
            return Ok(());
        }
        builder.slide(number, slide.title.as_deref(), width, height);
        let Drawing {
            title,
            is_front,
            items,
            pictures,
            embedded,
            problem,
            ..
        } = slide;
        self.embedded += embedded;
        self.problems
            .extend(problem.map(|message| Problem { page, message }));
        if title.is_none() && items.is_empty() && pictures > 0 {
            self.problems.push(Problem {
                page,
                message: format!("slide {number} has pictures and no text"),
            });
        }
        if let Some(title) = title {
            builder.heading(if is_front && number == 1 { 1 } else { 2 }, &title);
        }
        for item in items {
            item.push_to(builder);
        }
        self.notes(builder, &relations, page)
    }

    /// Reads a layout or master once; the part that it is made after, if any.
    fn layout(&mut self, part: &str) -> Result<Option<String>, ParseError> {
        if let Some((_, master)) = self.layouts.get(part) {
            return Ok(master.clone());
        }
        // Without it the order of shapes may differ, and that is all.
        let text = readable(self.container.part(part), &mut Vec::new(), None)?.flatten();
        let layout = Layout::read(&text.unwrap_or_default());
        let relations = relations(&mut self.container, part)?;
        let master = related(&relations, "slideMaster").map(str::to_owned);
        self.layouts
            .insert(part.to_owned(), (layout, master.clone()));
        Ok(master)
    }

    fn linked(
        &mut self,
        relations: &BTreeMap<String, Relation>,
        page: Option<u32>,
    ) -> Result<HashMap<String, Vec<Item>>, ParseError> {
        linked(&mut self.container, relations, &mut self.problems, page)
    }

    fn notes(
        &mut self,
        builder: &mut DocumentBuilder,
        relations: &BTreeMap<String, Relation>,
        page: Option<u32>,
    ) -> Result<(), ParseError> {
        let Some(part) = related(relations, "notesSlide") else {
            return Ok(());
        };
        let text = readable(self.container.part(part), &mut self.problems, page)?.flatten();
        let Some(text) = text else {
            return Ok(());
        };
        let context = Context {
            notes: true,
            ..Context::default()
        };
        let notes = drawing::read(&text, part, &context);
        self.problems
            .extend(notes.problem.map(|message| Problem { page, message }));
        if !notes.items.is_empty() {
            builder.paragraph(slide::notes_mark(&notes.items));
            for item in notes.items {
                item.push_to(builder);
            }
        }
        Ok(())
    }
}

/// What the charts and diagrams of a slide or sheet say, by the ids of their relations.
///
/// # Errors
/// When the file is encrypted or over a limit.
pub(super) fn linked(
    container: &mut Container<'_>,
    relations: &BTreeMap<String, ooxml::Relation>,
    problems: &mut Vec<Problem>,
    page: Option<u32>,
) -> Result<HashMap<String, Vec<Item>>, ParseError> {
    let mut linked = HashMap::new();
    for (id, relation) in relations {
        let read = match relation.kind.as_str() {
            "chart" | "chartEx" => chart::chart,
            "diagramData" => chart::diagram,
            _ => continue,
        };
        if let Some(text) = readable(container.part(&relation.part), problems, page)?.flatten() {
            linked.insert(id.clone(), read(&text, &relation.part));
        }
    }
    Ok(linked)
}

#[cfg(test)]
mod tests {
    use super::super::container::packed;
    use super::*;
    use crate::BlockKind;

    const PRESENTATION: &str = "<p:presentation xmlns:r='r'><p:sldIdLst><p:sldId id='256' r:id='r9'/><p:sldId id='257' r:id='r8'/>\
        <p:sldId id='258' r:id='r7'/></p:sldIdLst><p:sldSz cx='12192000' cy='6858000'/></p:presentation>";
    const RELATIONS: &str = "<Relationships><Relationship Id='r9' Type='x/slide' Target='slides/slide2.xml'/>\
        <Relationship Id='r8' Type='x/slide' Target='slides/slide1.xml'/><Relationship Id='r7' Type='x/slide' Target='slides/slide3.xml'/></Relationships>";

    fn shape(placeholder: &str, y: u32, text: &str) -> String {
        let placeholder = if placeholder.is_empty() {
            String::new()
        } else {
            format!("<p:nvPr><p:ph {placeholder}/></p:nvPr>")
        };
        format!(
            "<p:sp><p:nvSpPr>{placeholder}</p:nvSpPr><p:spPr><a:xfrm><a:off x='0' y='{y}'/><a:ext cx='100' cy='10'/></a:xfrm></p:spPr>\
             <p:txBody><a:lstStyle/>{text}</p:txBody></p:sp>"
        )
    }

    fn paragraph(text: &str) -> String {
        format!("<a:p><a:r><a:t>{text}</a:t></a:r></a:p>")
    }

    fn read(slide: &str, more: &[(&str, &str)]) -> Parsed {
        let slide = format!("<p:sld><p:spTree>{slide}</p:spTree></p:sld>");
        let hidden = format!(
            "<p:sld show='0'>{}</p:sld>",
            shape("", 1, &paragraph("숨은 것"))
        );
        let mut parts = vec![
            ("ppt/presentation.xml", PRESENTATION),
            ("ppt/_rels/presentation.xml.rels", RELATIONS),
            ("ppt/slides/slide2.xml", slide.as_str()),
            ("ppt/slides/slide1.xml", &hidden),
            (
                "ppt/slides/slide3.xml",
                "<p:sld><p:sp><p:txBody><a:p><a:t>끝</a:t></a:p></p:txBody></p:sp></p:sld>",
            ),
        ];
        parts.extend_from_slice(more);
        let bytes = packed(&parts);
        assert!(recognizes(&bytes, "a.pptx"));
        parse(&bytes, &|_, _| {}).unwrap()
    }

    #[test]
    fn who_wrote_it_and_when_is_read() {
        let core = "<x><dc:creator>김민아</dc:creator><dcterms:created>2026-03-31T00:00:00Z</dcterms:created>\
             <dcterms:modified>2026-04-01T00:00:00Z</dcterms:modified></x>";
        let document = read(
            &shape("", 1, &paragraph("연차")),
            &[("docProps/core.xml", core)],
        )
        .document;
        assert_eq!(
            document.properties,
            crate::Properties::said(["김민아"], "2026-03-31", "2026-04-01")
        );
    }

    #[test]
    fn slides_stand_in_their_order_with_shapes_from_top_to_bottom() {
        let slide = [
            shape("type='body' idx='1'", 50, &format!(
                "{}<a:p><a:pPr lvl='1'/><a:r><a:t>80% 이상</a:t></a:r><a:br/><a:r><a:t>출근</a:t></a:r></a:p>\
                 <a:p><a:pPr><a:buNone/></a:pPr><a:r><a:t>글만</a:t></a:r></a:p>",
                paragraph("15일 &amp; 더")
            )),
            shape("type='ftr'", 99, &paragraph("대외비")),
            shape("type='title'", 0, &paragraph("연차 휴가")),
            shape("", 20, "<a:p><a:pPr><a:buAutoNum type='arabicPeriod' startAt='3'/></a:pPr><a:r><a:t>셋</a:t></a:r></a:p>\
                <a:p><a:pPr><a:buAutoNum type='arabicPeriod' startAt='3'/></a:pPr><a:r><a:t>넷</a:t></a:r></a:p>"),
        ]
        .concat();
        let Parsed {
            document, problems, ..
        } = read(&slide, &[]);
        assert_eq!(
            document.text,
            "연차 휴가\n\n3. 셋\n\n4. 넷\n\n15일 & 더\n\n80% 이상 출근\n\n글만\n\n끝"
        );
        assert_eq!(document.blocks[0].kind, BlockKind::Heading { level: 2 });
        assert_eq!(document.blocks[4].kind, BlockKind::ListItem { level: 2 });
        assert_eq!(document.blocks[5].kind, BlockKind::Paragraph);
        let pages: Vec<(u32, Option<&str>)> = document
            .pages
            .iter()
            .map(|page| (page.number, page.name.as_deref()))
            .collect();
        assert_eq!(pages, [(1, Some("연차 휴가")), (3, None)]);
        assert!((document.pages[0].width - 960.0).abs() < 0.01);
        assert_eq!(problems[0].message, "1 hidden slide was left out");
    }

    #[test]
    fn placeholders_take_their_place_from_the_layout_and_not_its_text() {
        let relations = "<Relationships><Relationship Id='a' Type='x/slideLayout' Target='../slideLayouts/l.xml'/></Relationships>";
        let layout = format!(
            "<p:sldLayout>{}</p:sldLayout>",
            shape(
                "type='body' idx='7'",
                90,
                &paragraph("텍스트를 입력하십시오")
            )
        );
        let slide = format!(
            "<p:sp><p:nvPr><p:ph type='body' idx='7'/></p:nvPr><p:txBody>{}</p:txBody></p:sp>{}",
            paragraph("아래"),
            shape("", 10, &paragraph("위"))
        );
        let parsed = read(
            &slide,
            &[
                ("ppt/slides/_rels/slide2.xml.rels", relations),
                ("ppt/slideLayouts/l.xml", &layout),
            ],
        );
        assert_eq!(parsed.document.text, "위\n\n아래\n\n끝");
    }

    #[test]
    fn tables_charts_diagrams_and_notes_are_read() {
        let cell = |text: &str, more: &str| {
            format!(
                "<a:tc {more}><a:txBody>{}</a:txBody></a:tc>",
                paragraph(text)
            )
        };
        let slide = format!(
            "<p:graphicFrame><a:tbl><a:tblPr firstRow='1'/><a:tr>{}{}</a:tr><a:tr>{}{}</a:tr><a:tr>{}{}</a:tr></a:tbl></p:graphicFrame>\
             <p:graphicFrame><c:chart r:id='c'/></p:graphicFrame><p:graphicFrame><dgm:relIds r:dm='d' r:lo='x'/></p:graphicFrame>",
            cell("지역", ""),
            cell("매출", ""),
            cell("수도권", "rowSpan='2'"),
            cell("10", ""),
            cell("", "vMerge='1'"),
            cell("20", "")
        );
        let relations = "<Relationships><Relationship Id='c' Type='x/chart' Target='../charts/chart1.xml'/>\
            <Relationship Id='d' Type='x/diagramData' Target='../diagrams/data1.xml'/>\
            <Relationship Id='n' Type='x/notesSlide' Target='../notesSlides/n.xml'/></Relationships>";
        let chart = "<c:chartSpace><c:chart><c:title><a:p><a:t>점유율</a:t></a:p></c:title><c:ser><c:tx><c:strCache><c:pt idx='0'><c:v>2024년</c:v></c:pt></c:strCache></c:tx>\
            <c:cat><c:strCache><c:pt idx='0'><c:v>서울</c:v></c:pt><c:pt idx='1'><c:v>부산</c:v></c:pt></c:strCache></c:cat>\
            <c:val><c:numCache><c:formatCode>0.0%</c:formatCode><c:pt idx='0'><c:v>0.25</c:v></c:pt><c:pt idx='1'><c:v>0.1</c:v></c:pt></c:numCache></c:val></c:ser></c:chart></c:chartSpace>";
        let diagram = "<dgm:dataModel><dgm:ptLst><dgm:pt modelId='0' type='doc'/><dgm:pt modelId='2'><dgm:t><a:p><a:r><a:t>승인</a:t></a:r></a:p></dgm:t></dgm:pt>\
            <dgm:pt modelId='1'><dgm:t><a:p><a:r><a:t>신청</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:ptLst>\
            <dgm:cxnLst><dgm:cxn srcId='0' destId='1' srcOrd='0'/><dgm:cxn srcId='0' destId='2' srcOrd='1'/><dgm:cxn srcId='2' destId='0' srcOrd='0'/></dgm:cxnLst></dgm:dataModel>";
        let notes = format!(
            "<p:notes>{}{}</p:notes>",
            shape("type='body' idx='1'", 5, &paragraph("천천히 말한다.")),
            shape("type='sldNum'", 9, &paragraph("1"))
        );
        let parsed = read(
            &slide,
            &[
                ("ppt/slides/_rels/slide2.xml.rels", relations),
                ("ppt/charts/chart1.xml", chart),
                ("ppt/diagrams/data1.xml", diagram),
                ("ppt/notesSlides/n.xml", &notes),
            ],
        );
        assert_eq!(
            parsed.document.text,
            "지역\t매출\n수도권\t10\n수도권\t20\n\n점유율\n\n\t2024년\n서울\t25.0%\n부산\t10.0%\n\n\
             신청\n\n승인\n\n[발표자 노트]\n\n천천히 말한다.\n\n끝"
        );
    }

    #[test]
    fn a_chart_is_told_once_and_problems_come_in_one_order() {
        let of_each = |what: &str| -> String {
            (1..=8)
                .map(|number: u32| what.replace('#', &number.to_string()))
                .collect()
        };
        let relation = of_each("<Relationship Id='r#' Type='x/chart' Target='chart#.xml'/>");
        let relations = format!("<Relationships>{relation}</Relationships>");
        let slide = of_each("<p:graphicFrame><c:chart r:id='r#'/></p:graphicFrame>");
        let chart = "<c:chart><c:title><a:p><a:t>점유율</a:t></a:p></c:title></c:chart>";
        let slide = slide.repeat(1_000);
        let mut parts = vec![
            ("[Content_Types].xml", "<Types/>"),
            ("ppt/presentation.xml", PRESENTATION),
            ("ppt/_rels/presentation.xml.rels", RELATIONS),
            ("ppt/slides/slide2.xml", &slide),
            ("ppt/slides/_rels/slide2.xml.rels", &relations),
            ("ppt/slides/chart1.xml", chart),
        ];
        // Charts that are damaged: their bytes are not those that were deflated.
        let marks: Vec<(String, String)> = (2..=8)
            .map(|number| {
                (
                    format!("ppt/slides/chart{number}.xml"),
                    format!("BROKEN{number}{}", "x".repeat(99)),
                )
            })
            .collect();
        parts.extend(
            marks
                .iter()
                .map(|(name, text)| (name.as_str(), text.as_str())),
        );
        let mut bytes = packed(&parts);
        for number in 2..=8 {
            let name = format!("ppt/slides/chart{number}.xml");
            let at = super::super::sniff::find(&bytes, name.as_bytes()).unwrap() + name.len();
            bytes[at] = 0xFF;
        }
        let parsed = parse(&bytes, &|_, _| {}).unwrap();
        assert_eq!(parsed.document.text, "점유율");
        let told: Vec<bool> = (2..=8)
            .zip(&parsed.problems)
            .map(|(number, problem)| problem.message.contains(&format!("chart{number}.xml")))
            .collect();
        assert_eq!(told, [true; 7], "{:?}", parsed.problems);
    }

    #[test]
    fn damage_and_nesting_lose_no_other_slide() {
        let parsed = read(&format!("{}</q>", shape("", 1, &paragraph("남는 글"))), &[]);
        assert_eq!(parsed.document.text, "남는 글\n\n끝");
        assert_eq!(parsed.problems[0].page, Some(1));
        let deep = format!(
            "{}{}",
            "<p:grpSp>".repeat(50_000),
            shape("", 1, &paragraph("깊은 글"))
        );
        assert_eq!(read(&deep, &[]).document.text, "깊은 글\n\n끝");
        let nothing = packed(&[("ppt/presentation.xml", "")]);
        assert_eq!(parse(&nothing, &|_, _| {}).unwrap().document.text, "");
    }
}
