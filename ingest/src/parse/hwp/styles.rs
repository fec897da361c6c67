//! The stream `DocInfo`: shapes and styles of paragraphs and their numbers.

use super::super::hangul::numbering::{Head, Level, Shape, Styles};
use super::records::{Data, Records, tag};

/// Reads the styles; what is damaged in them only costs headings and numbers.
pub(super) fn read(stream: &[u8]) -> Styles {
    let mut styles = Styles::default();
    let (mut shapes, mut names, mut numberings) = (0, 0, 0);
    for record in Records::new(stream) {
        match record.tag {
            tag::PARA_SHAPE => {
                styles.shape(shapes, shape(record.data).unwrap_or_default());
                shapes += 1;
            }
            tag::STYLE => {
                let mut data = record.data;
                let name = data.string().unwrap_or_default();
                let english = data.string().unwrap_or_default();
                styles.style(names, [&name, &english]);
                names += 1;
            }
            tag::NUMBERING => {
                // Shapes name them from 1.
                numberings += 1;
                if let Some(numbering) = styles.numbering(numberings) {
                    *numbering = levels(record.data);
                }
            }
            _ => {}
        }
    }
    styles
}

fn shape(mut data: Data<'_>) -> Option<Shape> {
    let properties = data.u32()?;
    let id = data.skip(6 * 4 + 2).u16().unwrap_or(0);
    let head = match properties >> 23 & 3 {
        1 => Head::Outline,
        2 => Head::Number(u32::from(id)),
        3 => Head::Bullet,
        _ => Head::None,
    };
    let level = usize::try_from(properties >> 25 & 7).unwrap_or(0);
    Some(Shape { head, level })
}

fn levels(mut data: Data<'_>) -> Vec<Level> {
    let mut levels: Vec<Level> = (0..7).map_while(|_| level(&mut data)).collect();
    let starts = |levels: &mut [Level], data: &mut Data<'_>| {
        for level in levels {
            level.start = data.u32().unwrap_or(1);
        }
    };
    // Where the first number stands; old files say no more.
    let first = data.u16();
    if data.0.is_empty() {
        if let (Some(start), Some(level)) = (first, levels.first_mut()) {
            level.start = u32::from(start).max(1);
        }
        return levels;
    }
    starts(&mut levels, &mut data);
    let more: Vec<Level> = (0..3).map_while(|_| level(&mut data)).collect();
    if levels.len() == 7 && more.len() == 3 {
        levels.extend(more);
        starts(&mut levels[7..], &mut data);
    }
    levels
}

fn level(data: &mut Data<'_>) -> Option<Level> {
    let properties = data.u32()?;
    data.take(8)?;
    Some(Level {
        format: u8::try_from(properties >> 5 & 0xF).unwrap_or(0),
        text: data.string()?,
        start: 1,
    })
}
