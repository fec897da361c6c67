use proptest::prelude::*;

use super::value::Number;
use super::*;
use crate::ask::Passage;

/// The problems of a claim with evidence that is one passage, a word for each.
fn found(claim: &str, evidence: &str) -> Vec<String> {
    let source = Arc::new(Source::of(&Passage::alone(evidence)));
    problems(claim, &[source])
        .into_iter()
        .map(|problem| {
            assert!(claim.get(problem.span.clone()).is_some(), "{claim}");
            let or_nothing = |instead: Option<String>| instead.unwrap_or_else(|| "-".to_owned());
            match problem.kind {
                ProblemKind::Missing { fact, instead } => {
                    format!("missing {fact}: {}", or_nothing(instead))
                }
                ProblemKind::Bound { fact, instead, .. } => {
                    format!("bound {fact}: {}", or_nothing(instead))
                }
                ProblemKind::Limit { said, there } => format!("limit {said}: {there}"),
                ProblemKind::Arithmetic { shown } => format!("sum {shown}"),
            }
        })
        .collect()
}

#[track_caller]
fn check(claim: &str, evidence: &str, expected: &[&str]) {
    assert_eq!(found(claim, evidence), expected, "{claim} / {evidence}");
}

#[track_caller]
fn stands(claim: &str, evidence: &str) {
    check(claim, evidence, &[]);
}

/// Whether two texts are one fact each, of the same value.
#[track_caller]
fn same(one: &str, two: &str) -> bool {
    let (first, second) = (facts(one), facts(two));
    let ([first], [second]) = (&first[..], &second[..]) else {
        panic!("{one}: {first:?}, {two}: {second:?}");
    };
    first.has_value_of(second) && second.has_value_of(first)
}

#[test]
fn what_is_written_otherwise_is_the_same() {
    for (one, two) in [
        ("3만 5천 원", "35,000원"),
        ("3만 5천 원", "35000 KRW"),
        ("35,000원", "₩35,000"),
        ("삼만 오천 원", "3만5천원"),
        ("만 원", "10,000원"),
        ("1.2억 원", "1억 2,000만 원"),
        ("1천850만 원", "1,850만 원"),
        ("KRW 120 million", "1억 2천만 원"),
        ("USD 70", "70달러"),
        ("$1.5k", "1,500 dollars"),
        ("30,000 pounds", "£30,000"),
        ("2024년 3월", "2024-03"),
        ("March 2024", "2024.03"),
        ("'24년 3월", "2024년 3월"),
        ("'24.3.5", "5 March 2024"),
        ("5th of March, 2024", "2024. 3. 5."),
        ("20240305", "2024/03/05"),
        ("March 5", "3월 5일"),
        ("in 2024", "2024년"),
        ("2024학년도", "2024년도"),
        ("15일", "열다섯 날"),
        ("15일", "fifteen days"),
        ("열흘", "10일간"),
        ("사흘", "3 days"),
        ("보름", "15일"),
        ("5영업일", "영업일 기준 5일"),
        ("5영업일", "five business days"),
        ("5일(영업일 기준)", "5 working days"),
        ("90분", "1시간 반"),
        ("90분", "1.5 hours"),
        ("90분", "1시간 30분"),
        ("half an hour", "30분"),
        ("an hour and a half", "90 minutes"),
        ("a quarter of an hour", "15분"),
        ("two and a half years", "2년 6개월"),
        ("18개월", "1년 6개월"),
        ("2주", "14 days"),
        ("within a fortnight", "2주일"),
        ("반년", "6 months"),
        ("오후 6시", "18:00"),
        ("오후 6시 반", "6:30 p.m."),
        ("half past eleven at night", "23:30"),
        ("정오", "12:00"),
        ("noon", "낮 12시"),
        ("세 명", "3명"),
        ("스물다섯 명", "25 people"),
        ("twenty-five people", "25명"),
        ("두 배", "2배"),
        ("twice", "2회"),
        ("80 percent", "80%"),
        ("80 per cent", "80퍼센트"),
        ("half", "50%"),
        ("두 사람의 3분의 2", "두 사람의 two-thirds"),
        ("5%p", "5퍼센트포인트"),
        ("5%포인트", "5 percentage points"),
        ("1st", "제1"),
        ("first", "첫째"),
        ("3번째", "셋째"),
        ("21번째", "스물한째"),
        ("the twenty-first", "21st"),
        ("2분기", "Q2"),
        ("2/4분기", "second quarter"),
        ("상반기", "H1"),
        ("(02) 123-4567", "02-123-4567"),
        ("+82 2 123 4567", "02-123-4567"),
        ("+44 20 7946 0318", "020 7946 0318"),
        ("제12조 제1항", "Article 12(1)"),
        ("제12조의2", "Article 12-2"),
        ("Section 4.2", "§ 4.2"),
        ("Section 22 of Chapter 3", "제3장 제22조"),
        ("PPR-9087", "ppr 9087"),
        ("월요일", "Monday"),
        ("작년", "last year"),
        ("다음 달", "next month"),
        ("2.5cm", "25mm"),
        ("3,500m", "3.5km"),
        ("영하 20도", "-20℃"),
        ("380㎡", "380 square metres"),
        ("19세", "19 years old"),
        ("Mail@Example.org", "mail@example.org"),
    ] {
        // An article of `PPR 9087` is the word before its number.
        if one == "PPR-9087" {
            stands("The part is ppr 9087.", "Part PPR-9087");
            continue;
        }
        if one.starts_with("두 사람의") {
            stands("3분의 2가 찬성했다.", "Two-thirds voted for it.");
            continue;
        }
        assert!(same(one, two), "{one} / {two}");
    }
}

#[test]
fn what_differs_is_not_the_same() {
    for (one, two) in [
        ("5일", "5영업일"),
        ("5%", "5%p"),
        ("35,000원", "35,000달러"),
        ("사흘", "4일"),
        ("3월 5일", "5월 3일"),
        ("2024년 3월", "2025년 3월"),
        ("오전 6시", "18:00"),
        ("6:40 in the evening", "06:40"),
        ("1개월", "30일"),
        ("제12조", "제12조의2"),
        ("제12조 제1항", "제12조 제2항"),
        ("Article 12a", "Article 12b"),
        ("PPR-9087", "PPR-9088"),
        ("02-123-4567", "02-123-4576"),
        ("영하 20도", "20도"),
        ("20 laptops", "20 days"),
        ("3 km", "3 miles"),
        ("상반기", "하반기"),
        ("화요일", "Thursday"),
        ("올해", "last year"),
        ("5 hours", "5 minutes"),
    ] {
        assert!(!same(one, two), "{one} / {two}");
    }
}

#[test]
fn ordinary_words_are_no_facts() {
    for text in [
        "만일 이유로 사회가 열대라면",
        "한국에 한하여 세부를 정한다",
        "네, 사원과 이사의 영주권",
        "First, one should not do so at once.",
        "The second-hand market may march on.",
        "a third party, first-come and one of them",
        "만약 조직의 백업이 십자로",
        "전주와 이천, 구미와 사천",
        "천장과 조건, 오전의 육아",
        "see [3] and [1, 2]",
        "1. 휴가",
        "① 회사는",
        "",
    ] {
        let texts: Vec<String> = facts(text).into_iter().map(|fact| fact.text).collect();
        assert!(facts(text).is_empty(), "{text}: {texts:?}");
    }
    assert!(!facts("제3자 2명").is_empty());
}

#[test]
fn spans_are_those_of_the_text_as_given() {
    let text = "①３일, １½시간 그리고 ㈜가나의 ５０㎏";
    let texts: Vec<&str> = facts(text)
        .into_iter()
        .map(|fact| &text[fact.span])
        .collect();
    assert_eq!(texts, ["３일", "１½시간", "５０㎏"]);
    let text = "연차는 5\u{200b}일 ᄉᆷ일"; // Not composed.
    let texts: Vec<&str> = facts(text)
        .into_iter()
        .map(|fact| &text[fact.span])
        .collect();
    assert_eq!(texts[0], "5\u{200b}일");
}

#[test]
fn a_figure_that_the_evidence_lacks_is_named_with_that_of_the_same_thing() {
    check(
        "연차는 16일이다.",
        "연차는 15일이다.",
        &["missing 16일: 15일"],
    );
    check(
        "식비는 3만원이다.",
        "숙박비는 10만 원, 식비는 3만 5천 원, 교통비는 2만 원이다.",
        &["missing 3만원: 3만 5천 원"],
    );
    check(
        "입사 1년 미만 직원의 연차휴가는 최대 12일이다.",
        "입사 1년 미만 직원의 연차휴가는 1개월 개근 시 1일씩 발생하며 최대 11일이다.",
        &["missing 12일: 11일"],
    );
    check(
        "Meals are refunded up to $60.",
        "Lodging is refunded up to $200 and meals up to $50.",
        &["missing $60: $50"],
    );
    check("PPR-9088", "PPR-9087", &["missing PPR-9088: PPR-9087"]);
    check("제13조", "제12조", &["missing 제13조: 제12조"]);
    check(
        "2025년 3월",
        "2024년 3월",
        &["missing 2025년 3월: 2024년 3월"],
    );
    check("Leave is unlimited.", "Leave is 15 days.", &[]);
}

#[test]
fn a_figure_of_another_thing_is_bound_to_it() {
    let english = "Managers get 35,000 won, staff get 25,000 won.";
    stands("Staff get 25,000 won.", english);
    check(
        "Staff get 35,000 won.",
        english,
        &["bound 35,000 won: 25,000 won"],
    );
    check(
        "Managers get 25,000 won and staff 35,000 won.",
        english,
        &[
            "bound 25,000 won: 35,000 won",
            "bound 35,000 won: 25,000 won",
        ],
    );
    let korean = "팀장은 3만 5천 원, 사원은 2만 5천 원을 받는다.";
    stands("사원은 2만 5천 원을 받는다.", korean);
    check(
        "사원이 받는 돈은 35,000원이다.",
        korean,
        &["bound 35,000원: 2만 5천 원"],
    );
    let years = "2023년 매출은 100억 원, 2024년 매출은 120억 원이다.";
    stands("2024년 매출은 120억 원이다.", years);
    check(
        "2023년 매출은 120억 원이다.",
        years,
        &["bound 2023년: 2024년", "bound 120억 원: 100억 원"],
    );
    let relative = "작년 매출은 100억 원, 올해는 120억 원이다.";
    stands("올해 매출은 120억 원이다.", relative);
    check(
        "올해 매출은 100억 원이다.",
        relative,
        &["bound 100억 원: 120억 원"],
    );
    let condition = "3년 근속 시 15일, 5년 근속 시 20일을 받는다.";
    stands("5년 근속하면 20일을 받는다.", condition);
    check(
        "3년 근속하면 20일을 받는다.",
        condition,
        &["bound 3년: 5년", "bound 20일: 15일"],
    );
    let starts = "The meeting starts at 9 a.m. and ends at 11 a.m.";
    stands("The meeting ends at 11 a.m.", starts);
    check(
        "The meeting ends at 9 a.m.",
        starts,
        &["bound 9 a.m.: 11 a.m."],
    );
    let respectively = "팀장과 사원의 식비는 각각 3만 원과 2만 원이다.";
    stands("사원의 식비는 2만 원이다.", respectively);
    check(
        "사원의 식비는 3만 원이다.",
        respectively,
        &["bound 3만 원: 2만 원"],
    );
    let fees = "Badges are free. A lost badge costs $15; a damaged one costs $5.";
    stands("A damaged badge costs $5.", fees);
    check("A damaged badge costs $15.", fees, &["bound $15: $5"]);
}

#[test]
fn a_cell_is_of_its_row_and_column() {
    for table in [
        "구분 | 숙박비 | 식비\n팀장 | 100,000 | 30,000\n사원 | 80,000 | 25,000",
        "구분\t숙박비\t식비\n팀장\t100,000\t30,000\n사원\t80,000\t25,000",
        "| 구분 | 숙박비 | 식비 |\n|---|---|---|\n| 팀장 | 100,000 | 30,000 |\n| 사원 | 80,000 | 25,000 |",
    ] {
        stands("사원의 숙박비는 8만 원이다.", table);
        stands("팀장은 식비로 30,000원을 받는다.", table);
        check(
            "사원의 숙박비는 10만 원이다.",
            table,
            &["bound 10만 원: 80,000"],
        );
        check(
            "팀장의 식비는 10만 원이다.",
            table,
            &["bound 10만 원: 30,000"],
        );
    }
    let units = "Item | 2023 | 2024\nRevenue ($m) | 412 | 468\nEmployees | 830 | 795";
    stands("Revenue was 468 million dollars in 2024.", units);
    check(
        "Revenue was 412 million dollars in 2024.",
        units,
        &["bound 412 million dollars: 468"],
    );
    check(
        "Revenue was 468 dollars.",
        units,
        &["missing 468 dollars: 468"],
    );
}

#[test]
fn the_thing_may_stand_in_a_heading_or_in_the_sentence_before() {
    let headings = "국내 출장\n숙박비는 10만 원이다.\n해외 출장\n숙박비는 20만 원이다.";
    stands("해외 출장의 숙박비는 20만 원이다.", headings);
    check(
        "해외 출장의 숙박비는 10만 원이다.",
        headings,
        &["bound 10만 원: 20만 원"],
    );
    let before = "Managers have a rule of their own. They get 35,000 won. Staff get 25,000 won.";
    stands("Managers get 35,000 won.", before);
    check(
        "Managers get 25,000 won.",
        before,
        &["bound 25,000 won: 35,000 won"],
    );
    let mut passage = Passage::alone("최대 11일이다.");
    passage.heading_path = vec!["제3장 휴가".to_owned(), "연차휴가".to_owned()];
    let source = Arc::new(Source::of(&passage));
    assert!(problems("제3장의 연차휴가는 11일이다.", &[source]).is_empty());
    // Of two passages each says what is of it.
    let sources: Vec<Arc<Source>> = [
        ("국내", "숙박비는 10만 원이다."),
        ("해외", "숙박비는 20만 원이다."),
    ]
    .into_iter()
    .map(|(title, text)| {
        let mut passage = Passage::alone(text);
        passage.title = title.to_owned();
        Arc::new(Source::of(&passage))
    })
    .collect();
    assert!(problems("해외 숙박비는 20만 원이다.", &sources).is_empty());
    assert_eq!(problems("해외 숙박비는 10만 원이다.", &sources).len(), 1);
}

#[test]
fn limits_are_part_of_a_fact() {
    for (claim, evidence) in [
        // The figure itself is within.
        ("연차는 11일이다.", "연차는 최대 11일이다."),
        (
            "근속 10년인 직원은 대상이다.",
            "근속 10년 이상인 직원은 대상이다.",
        ),
        ("연차는 11일까지 쓸 수 있다.", "연차는 최대 11일이다."),
        ("식비 한도는 3만 원이다.", "식비는 3만 원까지 지원한다."),
        ("식비는 3만 원까지 지원한다.", "식비 한도는 3만 원이다."),
        ("5일을 초과할 수 없다.", "최대 5일까지 쓸 수 있다."),
        (
            "You may take no more than 5 days.",
            "You may take up to 5 days.",
        ),
        ("It must not exceed 5 days.", "Five days at most."),
        (
            "Lighting is 300 lux or more.",
            "Lighting is at least 300 lux.",
        ),
        (
            "2톤까지 실을 수 있다.",
            "2톤을 초과하는 화물은 실을 수 없다.",
        ),
        ("18세가 되지 않은 사람", "18세 미만인 사람"),
        (
            "사용 7일 전에는 신청한다.",
            "늦어도 사용 7일 전까지 신청한다.",
        ),
        ("10일 이상 15일 이하", "10~15일"),
        (
            "The office is open from 9:00 to 18:00.",
            "The office opens at 9 a.m. and closes at 6 p.m.",
        ),
        ("월 5만원", "매달 5만 원"),
    ] {
        stands(claim, evidence);
    }
    for (claim, evidence) in [
        ("3년을 초과한 직원", "3년 이상인 직원"),
        ("3년 이하", "3년 미만"),
        ("연차는 최소 11일이다.", "연차는 최대 11일이다."),
        (
            "You may take at least 5 days.",
            "You may take at most 5 days.",
        ),
        ("more than 12 characters", "at least 12 characters"),
        ("5 years of service", "more than 5 years of service"),
        ("5년 근속", "5년 초과 근속"),
        ("3일 이내에 처리한다.", "3일에 처리한다."),
        ("5일을 초과할 수 있다.", "5일을 초과할 수 없다."),
        ("before 5 March", "by 5 March"),
        ("3월 5일 전까지", "3월 5일까지"),
        ("사용 3일 후에 신청한다.", "사용 3일 전에 신청한다."),
        ("14일이 지난 뒤에 검수한다.", "14일 이내에 검수한다."),
        ("연 5만원을 지급한다.", "월 5만원을 지급한다."),
        ("32 cents per mile", "32 cents per kilometre"),
        ("15일 이상", "10~15일"),
    ] {
        let found = found(claim, evidence);
        assert!(
            matches!(&found[..], [one] if one.starts_with("limit ")),
            "{claim} / {evidence}: {found:?}"
        );
    }
}

#[test]
fn what_is_denied_of_a_figure_is_not_affirmed() {
    for (claim, evidence) in [
        (
            "수습 3개월 동안 재택근무를 할 수 있다.",
            "수습 3개월 동안에는 재택근무를 할 수 없다.",
        ),
        (
            "60일간 접속이 없는 계정은 잠기지 않는다.",
            "60일 동안 접속하지 않은 계정을 잠근다.",
        ),
        (
            "주 12시간을 넘는 연장 근로가 허용된다.",
            "주 12시간을 넘는 연장 근로는 허용하지 않는다.",
        ),
        (
            "Overtime of more than 12 hours is permitted.",
            "Overtime of more than 12 hours is never permitted.",
        ),
        (
            "Accounts unused for 60 days are not locked.",
            "Accounts that have not been used for 60 days are locked.",
        ),
    ] {
        assert_eq!(found(claim, evidence).len(), 1, "{claim} / {evidence}");
        stands(evidence, evidence);
    }
    stands(
        "쓰지 않은 휴가는 30일 안에 보상한다.",
        "사용하지 않은 휴가는 30일 이내에 보상한다.",
    );
    stands(
        "Leave that was not taken is paid within 30 days.",
        "Untaken leave is paid out within thirty days.",
    );
}

#[test]
fn arithmetic_stands_where_it_is_shown_and_right() {
    let days = "연차 3일과 병가 2일이 있다.";
    stands("총 5일이다(3일 + 2일 = 5일).", days);
    stands("3일에 2일을 더하면 5일이다.", days);
    check("총 5일이다.", days, &["missing 5일: 3일"]);
    check("3일 + 2일 = 6일이다.", days, &["sum 3일 + 2일 = 6일"]);
    check("3일 + 4일 = 7일이다.", days, &["missing 4일: 3일"]);
    stands(
        "20만원 × 3 = 60만원이다.",
        "1박에 20만 원이며 3박까지 인정한다.",
    );
    let seats = "There are 120 seats. 30 of them are used.";
    stands(
        "Of 120 seats, 30 are used, which leaves 90 (120 - 30 = 90).",
        seats,
    );
    check("That leaves 90 seats.", seats, &["missing 90: 120"]);
    stands(
        "Staff pay $640 minus $80, which makes $560.",
        "The price is $640, the discount $80.",
    );
    stands(
        "12 times $1,450, or $17,400",
        "A laptop costs $1,450. Twelve were bought.",
    );
    stands("(2 + 3) × 4 = 20", "2, 3 and 4");
    stands("30/120 = 25%", "30/120 are used.");
    stands("10만원 ÷ 3 = 33,333원", "10만원을 3명이 나눈다.");
    check("1 + 1 = 3", "1 and 1", &["sum 1 + 1 = 3"]);
    stands(
        "이직률은 12% - 9% = 3%p 줄었다.",
        "이직률은 12%에서 9%가 되었다.",
    );
}

#[test]
fn articles_are_found_by_their_parts() {
    let rule = "제7조(의무)\n① 을은 납기를 지킨다.\n② 을은 비밀을 유지한다.\n제8조(대금) ① 갑은 대금을 지급한다.";
    stands("비밀 유지는 제7조 제2항에 있다.", rule);
    assert_eq!(found("비밀 유지는 제8조 제2항에 있다.", rule).len(), 1);
    stands("See Section 4.2.", "4.2 Leave\nLeave is 15 days.");
    let sections =
        "5.2 Delivery\nGoods come on time.\n5.3 Confidentiality\nThe parties keep secrets.";
    stands("Confidentiality is in section 5.3.", sections);
    assert_eq!(
        found("Confidentiality is in section 5.2.", sections).len(),
        1
    );
}

#[test]
fn nothing_fails_where_it_is_the_same_everywhere() {
    stands(
        "Staff get 25,000 won.",
        "Managers, staff and guests all get 25,000 won.",
    );
    stands(
        "사원은 3만 원을 받는다.",
        "팀장은 3만 원, 사원은 3만 원을 받는다.",
    );
}

#[test]
fn without_evidence_every_fact_is_missing() {
    assert_eq!(problems("15일, 3명", &[]).len(), 2);
    assert!(problems("연차가 있다.", &[]).is_empty());
}

/// A number grouped by commas.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1억 2,345만 6,789`.
fn multiplied(number: u64, space: &str) -> String {
    let parts: Vec<String> = [(100_000_000, "억"), (10_000, "만"), (1, "")]
        .into_iter()
        .scan(number, |rest, (factor, name)| {
            let part = *rest / factor;
            *rest %= factor;
            Some((part, name))
        })
        .filter(|(part, _)| *part > 0)
        .map(|(part, name)| format!("{}{name}", grouped(part)))
        .collect();
    parts.join(space)
}

const SINO: [&str; 10] = ["", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구"];

fn sino_below(number: usize) -> String {
    [(1_000, "천"), (100, "백"), (10, "십"), (1, "")]
        .into_iter()
        .map(|(factor, name)| {
            let digit = number / factor % 10;
            let numeral = if digit == 1 && factor > 1 {
                ""
            } else {
                SINO[digit]
            };
            if digit == 0 {
                String::new()
            } else {
                format!("{numeral}{name}")
            }
        })
        .collect()
}

/// `일억 이천삼백사십오만 육천칠백팔십구`, for numbers under a trillion.
fn sino(number: u64) -> String {
    let part = |factor: u64| usize::try_from(number / factor % 10_000).unwrap();
    [(100_000_000, "억"), (10_000, "만"), (1, "")]
        .into_iter()
        .filter(|(factor, _)| part(*factor) > 0)
        .map(|(factor, name)| format!("{}{name}", sino_below(part(factor))))
        .collect::<Vec<_>>()
        .join(" ")
}

fn native(number: usize) -> String {
    const TENS: [&str; 10] = [
        "", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔",
    ];
    const ONES: [&str; 10] = [
        "", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉",
    ];
    if number == 20 {
        return "스무".to_owned();
    }
    format!("{}{}", TENS[number / 10], ONES[number % 10])
}

fn english(number: usize) -> String {
    const SMALL: [&str; 20] = [
        "",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 10] = [
        "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    ];
    match number {
        0..20 => SMALL[number].to_owned(),
        20..100 if number.is_multiple_of(10) => TENS[number / 10].to_owned(),
        20..100 => format!("{}-{}", TENS[number / 10], SMALL[number % 10]),
        100..1_000 if number.is_multiple_of(100) => format!("{} hundred", SMALL[number / 100]),
        100..1_000 => format!(
            "{} hundred and {}",
            SMALL[number / 100],
            english(number % 100)
        ),
        _ if number.is_multiple_of(1_000) => format!("{} thousand", english(number / 1_000)),
        _ => format!(
            "{} thousand {}",
            english(number / 1_000),
            english(number % 1_000)
        ),
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[track_caller]
fn all_same(forms: &[String]) -> Result<(), TestCaseError> {
    for form in forms {
        let found = facts(form);
        prop_assert!(found.len() == 1, "{form}: {found:?}");
        prop_assert!(same(&forms[0], form), "{} / {form}", forms[0]);
    }
    Ok(())
}

/// What texts are put together from.
fn fragment() -> impl Strategy<Value = String> {
    const PARTS: &[&str] = &[
        "3",
        "15",
        "2024",
        "9,",
        "1,500,000",
        ".5",
        "천만",
        "만 ",
        "억 ",
        "원",
        "일",
        "영업일",
        "개월",
        "년 ",
        "시간 ",
        "분",
        "%",
        "%p",
        "명",
        " 이상",
        " 초과",
        "까지",
        "최대 ",
        "at least ",
        " or more",
        "no more than ",
        "제",
        "조",
        "항",
        "①",
        "½",
        "Section 4.2",
        "(02) 123-4567",
        "+82 2 ",
        "March ",
        "5 March 2024",
        "오후 ",
        "6시",
        "18:00",
        " p.m.",
        "~",
        "-",
        " = ",
        " + ",
        " × ",
        "(",
        ")",
        " | ",
        "\t",
        "\n",
        "\n\n",
        "# ",
        ". ",
        ", ",
        " and ",
        "과 ",
        "하고 ",
        "각각 ",
        "respectively",
        "팀장은 ",
        "사원은 ",
        "Managers ",
        "staff ",
        "twenty-five ",
        "스물다섯 ",
        "열흘",
        "하루에 ",
        "per day",
        "매월 ",
        "first ",
        "두 번째",
        "a@b.kr",
        "PPR-9087",
        "v5.2",
        "[1]",
        "그 전에 ",
        "before that date",
        "보다 ",
        "than ",
        "not ",
        "없다",
        "않는다",
        "㎏",
        "３",
        "\u{301}",
        "ᄒ",
        "ᅡ",
        "🙂",
        " ",
        "  ",
    ];
    prop_oneof![
        8 => proptest::sample::select(PARTS).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(fragment(), 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn an_amount_is_the_same_however_it_is_written(
        number in 1_u64..1_000_000_000_000,
        other in 1_u64..1_000_000_000_000,
    ) {
        let forms = [
            format!("{number}원"),
            format!("{}원", grouped(number)),
            format!("{} 원", grouped(number)),
            format!("₩{}", grouped(number)),
            format!("₩ {number}"),
            format!("KRW {}", grouped(number)),
            format!("{number} KRW"),
            format!("{} won", grouped(number)),
            format!("{} 원", multiplied(number, " ")),
            format!("{}원", multiplied(number, "")),
        ];
        all_same(&forms)?;
        if number != other {
            let another = format!("{}원", multiplied(other, " "));
        prop_assert!(!same(&forms[0], &another));
        }
    }

    #[test]
    fn numerals_say_what_digits_say(number in 10_u64..1_000_000_000_000, other in 10_u64..1_000_000) {
        let text = format!("{} 원", sino(number));
        prop_assert!(same(&text, &format!("{number}원")), "{text}");
        if number != other {
            prop_assert!(!same(&text, &format!("{other}원")), "{text}");
        }
    }

    #[test]
    fn counts_in_words_are_counts(number in 2_usize..100, other in 2_usize..100) {
        all_same(&[
            format!("{number}명"),
            format!("{} 명", native(number)),
            format!("{number} people"),
            format!("{} people", english(number)),
        ])?;
        prop_assert_eq!(
            number == other,
            same(&format!("{} 명", native(number)), &format!("{} people", english(other)))
        );
    }

    #[test]
    fn large_counts_in_english_are_counts(number in 2_usize..1_000_000) {
        let text = format!("{} days", english(number));
        prop_assert!(same(&text, &format!("{number}일")), "{text}");
    }

    #[test]
    fn a_date_is_the_same_however_it_is_written(
        year in 1990_u32..2100,
        month in 1_u32..13,
        day in 1_u32..29,
        other in 1_u32..29,
    ) {
        let name = MONTHS[usize::try_from(month - 1).unwrap()];
        let forms = [
            format!("{year}년 {month}월 {day}일"),
            format!("{year}-{month:02}-{day:02}"),
            format!("{year}. {month}. {day}."),
            format!("{year}.{month:02}.{day:02}"),
            format!("{year}/{month:02}/{day:02}"),
            format!("{name} {day}, {year}"),
            format!("{day} {name} {year}"),
            format!("{year}{month:02}{day:02}"),
        ];
        all_same(&forms)?;
        all_same(&[
            format!("{year}년 {month}월"),
            format!("{year}-{month:02}"),
            format!("{year}.{month:02}"),
            format!("{name} {year}"),
        ])?;
        if day != other {
            let another = format!("{other} {name} {year}");
        prop_assert!(!same(&forms[0], &another));
        }
    }

    #[test]
    fn a_duration_is_the_same_however_it_is_written(hours in 1_u32..100, minutes in 1_u32..60) {
        let all = hours * 60 + minutes;
        let forms = [
            format!("{all}분"),
            format!("{hours}시간 {minutes}분"),
            format!("{hours}시간{minutes}분"),
            format!("{hours} hours {minutes} minutes"),
            format!("{hours} hours and {minutes} minutes"),
        ];
        all_same(&forms)?;
        let another = format!("{}분", all + 1);
        prop_assert!(!same(&forms[0], &another));
        all_same(&[
            format!("{}개월", hours * 12 + 6),
            format!("{hours}년 6개월"),
            format!("{hours}년 반"),
            format!("{hours}.5 years"),
            format!("{hours} years and 6 months"),
        ])?;
    }

    #[test]
    fn a_time_of_day_is_the_same_however_it_is_written(hour in 13_u32..24, minute in 1_u32..60) {
        let half = hour - 12;
        all_same(&[
            format!("오후 {half}시 {minute}분"),
            format!("{hour}:{minute:02}"),
            format!("{hour}시 {minute}분"),
            format!("{half}:{minute:02} p.m."),
            format!("{half}:{minute:02}pm"),
        ])?;
        let morning = format!("오전 {half}시 {minute}분");
        let evening = format!("{hour}:{minute:02}");
        prop_assert!(!same(&morning, &evening));
    }

    #[test]
    fn a_number_to_call_is_the_same_however_it_is_written(
        exchange in 200_u32..9_999,
        line in 0_u32..10_000,
    ) {
        all_same(&[
            format!("02-{exchange}-{line:04}"),
            format!("(02) {exchange}-{line:04}"),
            format!("02) {exchange}-{line:04}"),
            format!("+82 2 {exchange} {line:04}"),
            format!("+82-2-{exchange}-{line:04}"),
        ])?;
        let other = (line + 1) % 10_000;
        let number = format!("02-{exchange}-{line:04}");
        let another = format!("02-{exchange}-{other:04}");
        prop_assert!(!same(&number, &another));
    }

    #[test]
    fn spans_cut_what_facts_are(text in text()) {
        let mut end = 0;
        for fact in facts(&text) {
            prop_assert_eq!(text.get(fact.span.clone()), Some(fact.text.as_str()));
            prop_assert!(fact.span.start >= end, "{:?} in {:?}", fact, text);
            end = fact.span.end;
        }
    }

    #[test]
    fn no_text_makes_it_panic(claim in text(), evidence in text()) {
        let source = Arc::new(Source::of(&Passage::alone(&evidence)));
        for problem in problems(&claim, &[source]) {
            prop_assert!(claim.get(problem.span).is_some());
        }
    }

    /// Nothing that can be compared is the same as what has another amount.
    #[test]
    fn an_amount_of_any_unit_is_no_other(number in 0_i64..1_000_000, other in 0_i64..1_000_000, unit in "(원|일|명|%|kg|달러|회)") {
        prop_assert_eq!(number == other, same(&format!("{number}{unit}"), &format!("{other}{unit}")));
    }

    /// A figure that stands in the evidence with nothing around is never refused, and one that
    /// does not always is.
    #[test]
    fn a_bare_figure_stands_or_is_missing(number in 1_u32..100_000, other in 1_u32..100_000) {
        let evidence = format!("한도는 {other}원이다.");
        let claim = format!("한도는 {number}원이다.");
        prop_assert_eq!(found(&claim, &evidence).is_empty(), number == other);
    }
}

#[test]
fn a_text_of_a_million_letters_is_read_in_time_that_grows_with_it() {
    for piece in ["9,", "천만"] {
        let text = piece.repeat(1_000_000 / piece.len());
        let source = Arc::new(Source::of(&Passage::alone(&text)));
        assert!(!problems("연차는 7일이다.", &[source]).is_empty());
        let short = Arc::new(Source::of(&Passage::alone("연차는 15일이다.")));
        let _ = problems(&text, &[short]);
    }
    for piece in [
        "a.",
        "(02) ",
        "| 9 ",
        "1+1=2 ",
        "twenty ",
        "다. ",
        "5일 이내, ",
        "½",
        "① ",
    ] {
        let text = piece.repeat(60_000 / piece.len());
        let source = Arc::new(Source::of(&Passage::alone(&text)));
        let _ = problems(&text, &[source]);
    }
}

#[test]
fn what_cannot_be_compared_in_time_fails() {
    let claim = (0..3_000)
        .map(|number| format!("팀{number} {number}원"))
        .collect::<Vec<_>>()
        .join(", ");
    let source = Arc::new(Source::of(&Passage::alone(&claim)));
    assert!(!problems(&claim, &[source]).is_empty());
}

#[test]
fn numbers_keep_what_they_count() {
    let facts = facts("20 new laptops");
    let [fact] = &facts[..] else {
        panic!("{facts:?}");
    };
    let Value::Number(Number { noun, unit, .. }) = &fact.value else {
        panic!("{fact:?}");
    };
    assert_eq!((noun.as_deref(), *unit), (Some("laptop"), None));
}

#[test]
fn a_clause_with_a_verb_of_its_own_denies_nothing_before_it() {
    let evidence =
        "A password must be changed every 180 days, and the last 5 passwords cannot be used again.";
    stands("A password must be changed every 180 days.", evidence);
    stands("The last 5 passwords cannot be used again.", evidence);
    for wrong in [
        "A password must not be changed every 180 days.",
        "The last 5 passwords can be used again.",
        "A password must be changed every 5 days.",
    ] {
        assert!(!found(wrong, evidence).is_empty(), "{wrong}");
    }
    // A list is one clause, whatever is said of it.
    let list = "Two gloves, and the 4 masks cannot be taken home.";
    assert!(!found("The 4 masks can be taken home.", list).is_empty());
}
