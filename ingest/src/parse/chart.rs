//! What charts and diagrams (`SmartArt`) say: their titles and their figures as tables, the
//! text of their boxes as lists.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::flow::Item;
use super::xlsx::number_format::Format;
use super::xml::{self, Piece, attribute};

/// Points of a chart that are read.
const MAX_POINTS: usize = 20_000;
/// The number of a point; charts hold 32,000 of them.
const MAX_INDEX: u32 = 100_000;
/// Bytes of a group's name that are worth repeating for each point in it.
const MAX_REPEATED_TEXT: usize = 300;
/// Boxes of a diagram that are read.
const MAX_BOXES: usize = 10_000;

/// The names or values of a series: per level (charts name groups of categories too, from the
/// inside outwards) the text of each point.
#[derive(Clone, Debug, Default, PartialEq)]
struct Points {
    levels: Vec<BTreeMap<u32, String>>,
}

impl Points {
    fn indexes(&self) -> impl Iterator<Item = u32> {
        self.levels
            .first()
            .into_iter()
            .flat_map(|level| level.keys().copied())
    }

    /// What is said of a point; `before` is the one that was told before it.
    fn text(&self, index: u32, before: Option<u32>) -> String {
        let mut parts: Vec<&str> = Vec::new();
        for (depth, level) in self.levels.iter().enumerate().rev() {
            let text = if depth == 0 {
                level.get(&index)
            } else {
                level
                    .range(..=index)
                    .next_back()
                    .filter(|(at, text)| {
                        text.len() <= MAX_REPEATED_TEXT || before.is_none_or(|before| before < **at)
                    })
                    .map(|(_, text)| text)
            };
            parts.extend(text.map(String::as_str));
        }
        parts.join(" ")
    }
}

#[derive(Clone, Debug, Default)]
struct Series {
    name: String,
    categories: Points,
    values: Points,
}

/// What is being read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Where {
    Title,
    Name,
    Categories,
    Values,
}

/// The titles of a chart, and a table of its series.
pub(super) fn chart(text: &str, part: &str) -> Vec<Item> {
    let mut titles: Vec<String> = Vec::new();
    let mut all: Vec<Series> = Vec::new();
    let mut place: Option<Where> = None;
    let mut in_series = false;
    let (mut in_text, mut in_format) = (false, false);
    let mut code = String::new();
    let mut index: Option<u32> = None;
    let mut value = String::new();
    let mut left = MAX_POINTS;
    let _ = xml::walk(
        text,
        part,
        |name, _| matches!(name, "Fallback" | "extLst" | "dLbls" | "userShapes"),
        |piece| match piece {
            Piece::Start(name, element) => {
                match name {
                    "title" => {
                        place = Some(Where::Title);
                        titles.push(String::new());
                    }
                    "ser" | "series" => {
                        in_series = true;
                        all.push(Series::default());
                    }
                    // Newer charts hold their data before the series.
                    "data" if !in_series && attribute(element, "id").is_some() => {
                        all.push(Series::default());
                    }
                    "tx" if in_series => place = Some(Where::Name),
                    "cat" | "xVal" | "strDim" => place = Some(Where::Categories),
                    "val" | "yVal" | "bubbleSize" | "numDim" => place = Some(Where::Values),
                    "formatCode" => {
                        in_format = true;
                        code.clear();
                    }
                    "numCache" | "strCache" => code.clear(),
                    "lvl" => {
                        if let Some(format) = attribute(element, "formatCode") {
                            code = format;
                        }
                        if let Some(points) = points(&mut all, place) {
                            points.levels.push(BTreeMap::new());
                        }
                    }
                    "pt" => {
                        index = attribute(element, "idx").and_then(|index| index.parse().ok());
                        value.clear();
                        // Newer charts have the value in the point itself.
                        in_text = true;
                    }
                    "t" | "v" => {
                        value.clear();
                        in_text = true;
                    }
                    "p" => {
                        if place == Some(Where::Title)
                            && let Some(title) = titles.last_mut()
                        {
                            title.push(' ');
                        }
                    }
                    _ => {}
                }
            }
            Piece::Text(text) => {
                if in_format {
                    code.push_str(text);
                } else if in_text {
                    value.push_str(text);
                }
            }
            Piece::End(name) => match name {
                "title" => place = None,
                "ser" | "series" => {
                    in_series = false;
                    place = None;
                }
                "tx" if place == Some(Where::Name) => place = None,
                "cat" | "xVal" | "strDim" | "val" | "yVal" | "bubbleSize" | "numDim" => {
                    place = None;
                }
                "formatCode" => in_format = false,
                "t" | "v" | "pt" => {
                    in_text = false;
                    let text = std::mem::take(&mut value);
                    match place {
                        Some(Where::Title) if name != "pt" => {
                            if let Some(title) = titles.last_mut() {
                                title.push_str(&text);
                            }
                        }
                        Some(Where::Name) if name != "pt" => {
                            if let Some(series) = all.last_mut() {
                                series.name.push_str(&text);
                            }
                        }
                        Some(Where::Categories | Where::Values) if !text.trim().is_empty() => {
                            if let (Some(points), Some(index)) = (points(&mut all, place), index)
                                && index <= MAX_INDEX
                                && left > 0
                            {
                                left -= 1;
                                if points.levels.is_empty() {
                                    points.levels.push(BTreeMap::new());
                                }
                                if let Some(level) = points.levels.last_mut() {
                                    level.insert(index, shown(&text, &code));
                                }
                            }
                        }
                        _ => {}
                    }
                }
                _ => {}
            },
        },
    );
    let mut items: Vec<Item> = titles.into_iter().map(Item::Paragraph).collect();
    items.retain(|item| !item.text().trim().is_empty());
    items.extend(tables(all));
    items
}

fn points(all: &mut [Series], place: Option<Where>) -> Option<&mut Points> {
    let series = all.last_mut()?;
    match place? {
        Where::Categories => Some(&mut series.categories),
        Where::Values => Some(&mut series.values),
        Where::Title | Where::Name => None,
    }
}

/// A figure as its format shows it.
fn shown(text: &str, code: &str) -> String {
    match text.trim().parse::<f64>() {
        Ok(value) if !code.is_empty() => Format::parse(code).show(value, false).text,
        Ok(value) => super::xlsx::number_format::general(value),
        Err(_) => text.to_owned(),
    }
}

/// Series over the same categories are one table.
fn tables(all: Vec<Series>) -> Vec<Item> {
    let mut tables = Vec::new();
    let mut all = all
        .into_iter()
        .filter(|series| !series.values.levels.is_empty() || !series.categories.levels.is_empty())
        .peekable();
    let mut left = MAX_POINTS * 4;
    while let Some(first) = all.next() {
        let mut group = vec![first];
        while let Some(next) = all.next_if(|next| next.categories == group[0].categories) {
            group.push(next);
        }
        let mut indexes: Vec<u32> = group
            .iter()
            .flat_map(|series| series.values.indexes())
            .chain(group[0].categories.indexes())
            .collect();
        indexes.sort_unstable();
        indexes.dedup();
        let mut header = vec![String::new()];
        header.extend(group.iter().map(|series| series.name.clone()));
        let mut rows = vec![header];
        let mut before = None;
        for index in indexes {
            if left < group.len() {
                break;
            }
            left -= group.len();
            let mut row = vec![group[0].categories.text(index, before)];
            row.extend(group.iter().map(|series| series.values.text(index, before)));
            rows.push(row);
            before = Some(index);
        }
        tables.push(Item::Table {
            header_rows: usize::from(group.iter().any(|series| !series.name.is_empty())),
            rows,
        });
    }
    tables
}

/// The boxes of a diagram: a list, as its data part connects them.
pub(super) fn diagram(text: &str, part: &str) -> Vec<Item> {
    let mut boxes: Vec<(String, String)> = Vec::new();
    let mut children: HashMap<String, Vec<(u32, String)>> = HashMap::new();
    let mut has_parent: HashSet<String> = HashSet::new();
    let mut in_text = false;
    let _ = xml::walk(
        text,
        part,
        |name, _| matches!(name, "Fallback" | "extLst"),
        |piece| match piece {
            Piece::Start("pt", element) if boxes.len() < MAX_BOXES => {
                let id = attribute(element, "modelId").unwrap_or_default();
                boxes.push((id, String::new()));
            }
            Piece::Start("cxn", element) => {
                let kind = attribute(element, "type");
                if kind.is_none_or(|kind| kind == "parOf")
                    && let (Some(from), Some(to)) =
                        (attribute(element, "srcId"), attribute(element, "destId"))
                {
                    let order = attribute(element, "srcOrd")
                        .and_then(|order| order.parse().ok())
                        .unwrap_or(0);
                    has_parent.insert(to.clone());
                    children.entry(from).or_default().push((order, to));
                }
            }
            Piece::Start("t", _) => {
                // `dgm:t` holds paragraphs, `a:t` their text: both are called so.
                in_text = true;
            }
            Piece::Start("p" | "br", _) => {
                if let Some((_, text)) = boxes.last_mut() {
                    text.push(' ');
                }
            }
            Piece::End("t") => in_text = false,
            Piece::Text(text) if in_text => {
                if let Some((_, own)) = boxes.last_mut() {
                    own.push_str(text);
                }
            }
            _ => {}
        },
    );
    for list in children.values_mut() {
        list.sort();
    }
    let order: Vec<String> = boxes.iter().map(|(id, _)| id.clone()).collect();
    let mut boxes: HashMap<String, String> = boxes.into_iter().collect();
    let mut items = Vec::new();
    // Roots first; boxes that stand in a loop have none and come last.
    let roots = order.iter().filter(|id| !has_parent.contains(*id));
    for root in roots.chain(&order) {
        let mut open: Vec<(String, u8)> = vec![(root.clone(), 0)];
        while let Some((id, depth)) = open.pop() {
            let Some(text) = boxes.remove(&id) else {
                continue;
            };
            let has_text = !text.trim().is_empty();
            if has_text {
                items.push(Item::ListItem {
                    level: depth + 1,
                    text,
                });
            }
            let below = (depth + u8::from(has_text)).min(8);
            for (_, child) in children.get(&id).into_iter().flatten().rev() {
                open.push((child.clone(), below));
            }
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_of_a_group_stands_at_its_first_point_only() {
        let table = |name: &str| {
            let text = format!(
                "<c:ser><c:cat><c:multiLvlStrCache><c:lvl><c:pt idx='1'><c:v>서울</c:v></c:pt><c:pt idx='2'><c:v>부산</c:v></c:pt></c:lvl>\
                 <c:lvl><c:pt idx='0'><c:v>{name}</c:v></c:pt></c:lvl></c:multiLvlStrCache></c:cat></c:ser>"
            );
            chart(&text, "chart.xml")
                .iter()
                .map(Item::text)
                .collect::<String>()
        };
        assert_eq!(table("2024년").matches("2024년").count(), 2);
        let long = "가".repeat(1_000);
        let text = table(&long);
        assert_eq!(text.matches(&long).count(), 1, "{text}");
        assert!(text.contains("부산"), "{text}");
    }
}
