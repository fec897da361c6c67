//! Pairs of our own writing: what was asked before, what is asked now, and words that the completed
//! question must have, or must not have behind `!`; `=` for a question that is left as it is.

use super::*;

const LEAVE: &str = "입사 1년 미만 직원의 연차는 며칠인가요?";
const MEALS: &str = "직원 식대 한도는 얼마인가요?";
const TRIP: &str = "국내 출장 일비는 얼마인가요?";
const PARENT: &str = "육아휴직은 최대 몇 개월까지 쓸 수 있나요?";
const CARD: &str = "법인카드로 술값을 결제할 수 있나요?";
const PRICE: &str = "PPR-9087 단가는 얼마인가요?";

const KOREAN: &[(&str, &str, &str)] = &[
    (LEAVE, "2년차는?", "2년차 연차 며칠 !1년 !미만"),
    (LEAVE, "그럼 2년차는요?", "2년차 연차 !1년"),
    (LEAVE, "3년 이상은 며칠인가요?", "3년 이상 연차 !1년"),
    (LEAVE, "신청은 어떻게 하나요?", "연차 신청"),
    (LEAVE, "그건 유급인가요?", "연차 유급"),
    (LEAVE, "그럼 병가는?", "병가 며칠 !연차"),
    (LEAVE, "이월되나요?", "연차 이월"),
    (LEAVE, "언제까지 써야 하나요?", "연차 언제"),
    (LEAVE, "왜요?", "연차"),
    (LEAVE, "계약직은?", "계약직 연차 !직원의"),
    (LEAVE, "그 경우 수당은 지급되나요?", "연차 수당"),
    (LEAVE, "더 자세히 알려 주세요", "연차"),
    (LEAVE, "예외는 없나요?", "연차 예외"),
    (MEALS, "임원은요?", "임원 식대 !직원"),
    (MEALS, "임원은 얼마인가요?", "임원 식대 얼마 !직원"),
    (
        MEALS,
        "그럼 임원은 누가 승인하나요?",
        "임원 식대 승인 !직원",
    ),
    (MEALS, "한도를 넘으면 어떻게 되나요?", "식대 한도 넘으면"),
    (
        MEALS,
        "그 한도를 넘으면 누가 결재하나요?",
        "식대 넘으면 결재",
    ),
    (MEALS, "주말에도 되나요?", "주말 식대"),
    (MEALS, "야간은?", "야간 식대"),
    (MEALS, "증빙은 뭐가 필요한가요?", "식대 증빙"),
    (TRIP, "해외는?", "해외 출장 일비 얼마 !국내"),
    (TRIP, "해외 출장은?", "해외 출장 일비 !국내"),
    (TRIP, "그럼 해외는 얼마예요?", "해외 출장 일비 !국내"),
    (TRIP, "숙박비는?", "국내 출장 숙박비 얼마 !일비"),
    (TRIP, "그럼 교통비는요?", "국내 출장 교통비 !일비"),
    (TRIP, "일본은요?", "일본 출장 일비 !국내"),
    (TRIP, "당일치기면요?", "출장 일비 당일치기"),
    (TRIP, "누가 승인하나요?", "출장 일비 승인"),
    (TRIP, "거기서 식비는 빠지나요?", "출장 일비 식비"),
    (PARENT, "급여는?", "급여"),
    (PARENT, "그때 4대 보험은 어떻게 되나요?", "육아휴직 보험"),
    (PARENT, "분할해서 쓸 수 있나요?", "육아휴직 분할"),
    (PARENT, "배우자도 되나요?", "배우자 육아휴직"),
    (PARENT, "며칠 전에 신청해야 하나요?", "육아휴직 신청"),
    (CARD, "그럼 주말에는요?", "주말 법인카드"),
    (CARD, "그건 누가 확인하나요?", "법인카드 확인"),
    (CARD, "한도는 얼마인가요?", "법인카드 한도"),
    (PRICE, "PPR-9088은?", "PPR-9088 단가 !PPR-9087"),
    (PRICE, "그거 재고는 있나요?", "PPR-9087 재고"),
    // Questions that stand alone.
    (LEAVE, "회사 주차장 요금은 얼마인가요?", "="),
    (LEAVE, "해외 출장 일비는 얼마인가요?", "="),
    (LEAVE, "그럼 해외 출장 일비는 얼마인가요?", "="),
    (LEAVE, "병가는 연 며칠까지 쓸 수 있나요?", "="),
    (LEAVE, "법인카드로 술값을 결제할 수 있나요?", "="),
    (LEAVE, "재택근무는 주 며칠까지 가능한가요?", "="),
    (LEAVE, "PPR-9087 단가는 얼마인가요?", "="),
    (LEAVE, "경조사비 지급 기준을 알려 주세요", "="),
    (LEAVE, "안녕하세요?", "="),
    (LEAVE, "감사합니다", "="),
    (LEAVE, "퇴직금은 언제 지급되나요?", "="),
    (LEAVE, "보안 사고가 나면 누구에게 알려야 하나요?", "="),
    (LEAVE, "주차장 요금은?", "="),
    (LEAVE, "연차 이월 규정", "="),
    (LEAVE, "육아휴직 급여 신청 방법을 설명해 주세요.", "="),
    (MEALS, "연차는 며칠인가요?", "="),
    (MEALS, "임원 차량 지원 한도는 얼마인가요?", "="),
    (MEALS, "비밀번호는 몇 자 이상이어야 하나요?", "="),
    (MEALS, "영수증을 잃어버리면 어떻게 하나요?", "="),
    (MEALS, "노트북을 분실하면 누구에게 신고하나요?", "="),
    (MEALS, "회의실 예약은 어디서 하나요?", "="),
    (MEALS, "USB 사용은 허용되나요?", "="),
    (TRIP, "직원 식대 한도는 얼마인가요?", "="),
    (TRIP, "VPN 접속 방법이 뭔가요?", "="),
    (TRIP, "출산휴가는 며칠인가요?", "="),
    (TRIP, "서버실 출입 권한은 누가 승인하나요?", "="),
    (TRIP, "개인정보 유출 시 신고 기한은 언제인가요?", "="),
    (TRIP, "복지포인트는 어디에 쓸 수 있나요?", "="),
    (TRIP, "시간외근무 수당은 어떻게 계산하나요?", "="),
    (PARENT, "2026년 공휴일 근무 수당은 얼마인가요?", "="),
    (PARENT, "구매 요청서는 누가 결재하나요?", "="),
    (PARENT, "계약서 보관 기간은 몇 년인가요?", "="),
    (PARENT, "사내 동호회 지원금은 얼마인가요?", "="),
    (PARENT, "건강검진은 언제 받나요?", "="),
    (CARD, "명함은 어떻게 신청하나요?", "="),
    (CARD, "자기계발비 한도는 얼마인가요?", "="),
    (CARD, "이 회사의 창립일은 언제인가요?", "="),
    (PRICE, "반품 절차를 알려 주세요.", "="),
    (PRICE, "납기가 늦어지면 위약금은 얼마인가요?", "="),
    (PRICE, "입사 1년 미만 직원의 연차는 며칠인가요?", "="),
];

const ANNUAL: &str = "How many days of annual leave do employees with one year of service get?";
const MEAL: &str = "What is the daily meal allowance on overseas trips?";
const UNIT: &str = "What is the unit price of PPR-9087?";
const RECEIPT: &str = "How long must receipts be kept?";
const ENTERTAIN: &str = "Can employees pay for alcohol with the company card?";

const ENGLISH: &[(&str, &str, &str)] = &[
    (ANNUAL, "What about two years?", "two annual leave !one"),
    (ANNUAL, "And after three years?", "three annual leave !one"),
    (ANNUAL, "What about sick leave?", "sick leave days !annual"),
    (
        ANNUAL,
        "How about interns?",
        "interns annual leave !employees",
    ),
    (ANNUAL, "For executives?", "executives annual leave"),
    (ANNUAL, "How do I apply?", "annual leave apply"),
    (ANNUAL, "Can it be carried over?", "annual leave carried"),
    (ANNUAL, "Does it expire?", "annual leave expire"),
    (ANNUAL, "Who approves it?", "annual leave approves"),
    (ANNUAL, "And who approves that?", "annual leave approves"),
    (ANNUAL, "Why?", "annual leave"),
    (ANNUAL, "Is there a deadline?", "annual leave deadline"),
    (
        ANNUAL,
        "Are there any exceptions?",
        "annual leave exceptions",
    ),
    (ANNUAL, "Can they be split?", "annual leave split"),
    (ANNUAL, "Sick leave?", "sick leave !annual"),
    (ANNUAL, "When does it start?", "annual leave start"),
    (
        MEAL,
        "What about domestic trips?",
        "domestic trips meal allowance !overseas",
    ),
    (MEAL, "And domestic?", "domestic meal allowance !overseas"),
    (MEAL, "In Japan?", "Japan meal allowance"),
    (MEAL, "How about executives?", "executives meal allowance"),
    (
        MEAL,
        "How much for executives?",
        "executives meal allowance",
    ),
    (MEAL, "Who can exceed that limit?", "meal allowance exceed"),
    (MEAL, "What if they exceed it?", "meal allowance exceed"),
    (
        MEAL,
        "Do I need receipts for that?",
        "meal allowance receipts",
    ),
    (MEAL, "Is that taxed?", "meal allowance taxed"),
    (MEAL, "Then who pays?", "meal allowance pays"),
    (
        UNIT,
        "What about PPR-9088?",
        "PPR-9088 unit price !PPR-9087",
    ),
    (UNIT, "And PPR-9088?", "PPR-9088 unit price !PPR-9087"),
    (UNIT, "PPR-9088?", "PPR-9088 unit price !PPR-9087"),
    (UNIT, "How long is its delivery time?", "PPR-9087 delivery"),
    (UNIT, "Is it in stock?", "PPR-9087 stock"),
    (UNIT, "Who sets those?", "price sets"),
    (RECEIPT, "And invoices?", "invoices kept !receipts"),
    (RECEIPT, "What about contracts?", "contracts kept !receipts"),
    (RECEIPT, "Where?", "receipts"),
    (RECEIPT, "What happens if I lose them?", "receipts lose"),
    (RECEIPT, "May these be digital?", "receipts digital"),
    (
        ENTERTAIN,
        "What about managers?",
        "managers alcohol card !employees",
    ),
    (
        ENTERTAIN,
        "Is that allowed on weekends?",
        "alcohol weekends",
    ),
    (ENTERTAIN, "What is the limit?", "alcohol limit"),
    // Questions that stand alone.
    (ANNUAL, "How much is the parking fee for visitors?", "="),
    (
        ANNUAL,
        "What is the daily meal allowance on overseas trips?",
        "=",
    ),
    (ANNUAL, "Who approves overseas business trips?", "="),
    (ANNUAL, "Can I work from home on Fridays?", "="),
    (ANNUAL, "Hello!", "="),
    (ANNUAL, "Thanks, great", "="),
    (ANNUAL, "Annual leave policy", "="),
    (ANNUAL, "Where do I report a lost laptop?", "="),
    (ANNUAL, "And who approves overseas business trips?", "="),
    (
        ANNUAL,
        "What about the parking fee for visitors of the headquarters in Seoul?",
        "=",
    ),
    (ANNUAL, "How is overtime calculated?", "="),
    (ANNUAL, "Which documents must a new supplier sign?", "="),
    (ANNUAL, "What is the retention period for contracts?", "="),
    (
        ANNUAL,
        "What are the documents that suppliers must sign?",
        "=",
    ),
    (ANNUAL, "How many public holidays are there this year?", "="),
    (MEAL, "How long must receipts be kept?", "="),
    (MEAL, "What is the unit price of PPR-9087?", "="),
    (MEAL, "Is smoking allowed in the building?", "="),
    (MEAL, "How often must passwords be changed?", "="),
    (MEAL, "Who is the data protection officer?", "="),
    (MEAL, "When are salaries paid?", "="),
    (MEAL, "What does the warranty cover?", "="),
    (MEAL, "Can contractors use the VPN?", "="),
    (UNIT, "What is the return procedure for damaged goods?", "="),
    (UNIT, "How many days of annual leave do employees get?", "="),
    (UNIT, "What is the penalty for late delivery?", "="),
    (UNIT, "Who signs purchase orders above 10 million won?", "="),
    (UNIT, "Does the company offer parental leave?", "="),
    (UNIT, "What should visitors wear in the factory?", "="),
    (RECEIPT, "What counts as confidential information?", "="),
    (RECEIPT, "How do I book a meeting room?", "="),
    (RECEIPT, "Are personal USB drives allowed?", "="),
    (RECEIPT, "Which form is used for travel expenses?", "="),
    (RECEIPT, "How much severance pay is due?", "="),
    (RECEIPT, "Is remote work possible abroad?", "="),
    (ENTERTAIN, "How are performance reviews done?", "="),
    (ENTERTAIN, "What is the notice period for resignation?", "="),
    (ENTERTAIN, "Explain the bonus scheme", "="),
    (ENTERTAIN, "When does the office open?", "="),
    (ENTERTAIN, "What training is mandatory for engineers?", "="),
];

fn wrong(pairs: &[(&str, &str, &str)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (before, question, expected) in pairs {
        let completed = completed(&[before], question);
        let is_right = match &completed {
            None => *expected == "=",
            Some(completed) => {
                let lower = completed.to_lowercase();
                *expected != "="
                    && expected
                        .split_whitespace()
                        .all(|word| match word.strip_prefix('!') {
                            Some(word) => !lower.contains(&word.to_lowercase()),
                            None => lower.contains(&word.to_lowercase()),
                        })
            }
        };
        if !is_right {
            wrong.push(format!(
                "{before} / {question} -> {completed:?}, not {expected}"
            ));
        }
    }
    wrong
}

#[test]
fn korean_follow_ups_are_completed_and_others_left() {
    assert_eq!(KOREAN.len(), 80);
    let wrong = wrong(KOREAN);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn english_follow_ups_are_completed_and_others_left() {
    assert_eq!(ENGLISH.len(), 80);
    let wrong = wrong(ENGLISH);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn completed_questions_read_well_where_it_matters() {
    let full = |before: &str, question: &str| completed(&[before], question).unwrap();
    assert_eq!(
        full(LEAVE, "2년차는?"),
        "입사 2년차 직원의 연차는 며칠인가요?"
    );
    assert_eq!(
        full(LEAVE, "그럼 병가는?"),
        "입사 1년 미만 직원의 병가는 며칠인가요?"
    );
    assert_eq!(full(MEALS, "임원은요?"), "임원 식대 한도는 얼마인가요?");
    assert_eq!(full(TRIP, "해외는?"), "해외 출장 일비는 얼마인가요?");
    assert_eq!(
        full(ANNUAL, "Can it be carried over?"),
        "Can annual leave be carried over?"
    );
    assert_eq!(
        full(UNIT, "What about PPR-9088?"),
        "What is the unit price of PPR-9088?"
    );
}

#[test]
fn a_first_question_and_a_long_text_are_left() {
    assert_eq!(completed(&[], "그럼 2년차는?"), None);
    assert_eq!(completed(&[LEAVE], "그럼\n2년차는?"), None);
    assert_eq!(completed(&[LEAVE], " "), None);
    assert_eq!(completed(&[""], "2년차는?"), None);
}

#[test]
fn every_completed_question_is_made_of_the_conversation() {
    for (before, question, _) in KOREAN.iter().chain(ENGLISH) {
        if let Some(full) = completed(&[before], question) {
            assert!(adds_nothing(&full, &[before, question]), "{full}");
        }
    }
}

#[test]
fn what_a_model_adds_is_seen() {
    let said = [LEAVE, "2년차는?"];
    assert!(adds_nothing("입사 2년차 직원의 연차는 며칠인가요?", &said));
    for added in [
        "입사 3년차 직원의 연차는 며칠인가요?",
        "입사 2년차 임원의 연차는 며칠인가요?",
        "2년차 직원의 연차 15일은 유급인가요?",
        "How many days of annual leave in the second year?",
    ] {
        assert!(!adds_nothing(added, &said), "{added}");
    }
    let said = [ANNUAL, "Can it be carried over?"];
    assert!(adds_nothing("Can annual leave be carried over?", &said));
    assert!(!adds_nothing(
        "Can annual leave be carried over until March 31?",
        &said
    ));
    assert!(!adds_nothing("Can sick leave be carried over?", &said));
}
