use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let parts = parts(text);
    let texts: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
    assert_eq!(texts, expected, "{text}");
    assert_spans(text, &parts);
}

/// What must hold of the parts of any text.
#[track_caller]
fn assert_spans(text: &str, parts: &[Part]) {
    let mut at = 0;
    let mut joined = String::new();
    for part in parts {
        assert!(
            part.span.start >= at && part.span.end > part.span.start,
            "{text:?} {parts:?}"
        );
        joined.push_str(&text[part.span.clone()]);
        at = part.span.end;
    }
    let digits = |text: &str| -> String { text.chars().filter(|char| char.is_numeric()).collect() };
    let stated: String = ingest::sentence::split(text)
        .into_iter()
        .map(|sentence| &text[sentence])
        .map(|sentence| &sentence[mark(sentence)..])
        .collect();
    assert_eq!(digits(&joined), digits(&stated), "{text:?} {parts:?}");
}

#[track_caller]
fn whole(text: &str) {
    check(text, &[text]);
}

#[test]
fn korean_clauses_are_parts_and_share_their_topic() {
    let cases: &[(&str, &[&str])] = &[
        (
            "연차는 15일이며 이월할 수 없다.",
            &["연차는 15일이며", "연차는 이월할 수 없다."],
        ),
        (
            "연차는 15일이고 병가는 10일이다.",
            &["연차는 15일이고", "병가는 10일이다."],
        ),
        (
            "연차는 15일인데 이월할 수 없다.",
            &["연차는 15일인데", "연차는 이월할 수 없다."],
        ),
        (
            "연차는 유급이지만 병가는 무급이다.",
            &["연차는 유급이지만", "병가는 무급이다."],
        ),
        (
            "수습 기간은 3개월이나, 평가 결과는 2개월 차에 통보한다.",
            &["수습 기간은 3개월이나, 평가 결과는 2개월 차에 통보한다."],
        ),
        (
            "재택근무는 주 2회까지 가능하며, 사전에 팀장의 승인을 받아야 한다.",
            &[
                "재택근무는 주 2회까지 가능하며",
                "재택근무는 사전에 팀장의 승인을 받아야 한다.",
            ],
        ),
        (
            "회사는 건강검진을 매년 실시하고 비용을 부담한다.",
            &["회사는 건강검진을 매년 실시하고", "회사는 비용을 부담한다."],
        ),
        (
            "담당자는 재고를 확인하고 창고를 정리한다.",
            &["담당자는 재고를 확인하고", "담당자는 창고를 정리한다."],
        ),
        (
            "신청은 3일 전까지 하여야 하며 팀장의 승인을 받아야 한다.",
            &[
                "신청은 3일 전까지 하여야 하며",
                "신청은 팀장의 승인을 받아야 한다.",
            ],
        ),
        (
            "비밀번호는 8자 이상이어야 하며 90일마다 변경해야 한다.",
            &[
                "비밀번호는 8자 이상이어야 하며",
                "비밀번호는 90일마다 변경해야 한다.",
            ],
        ),
        (
            "직원은 신청서를 제출하고 팀장은 3일 안에 승인해야 한다.",
            &["직원은 신청서를 제출하고", "팀장은 3일 안에 승인해야 한다."],
        ),
        (
            "본인이 신청하고 팀장이 승인한다.",
            &["본인이 신청하고", "팀장이 승인한다."],
        ),
        (
            "신청서가 접수되고 3일 안에 승인된다.",
            &["신청서가 접수되고", "신청서가 3일 안에 승인된다."],
        ),
        (
            "연차는 이월하지도 않고 수당으로 지급하지도 않는다.",
            &[
                "연차는 이월하지도 않고",
                "연차는 수당으로 지급하지도 않는다.",
            ],
        ),
        (
            "한도는 1,500,000원이며 초과분은 본인이 부담한다.",
            &["한도는 1,500,000원이며", "초과분은 본인이 부담한다."],
        ),
        (
            "회사는 급여를 인상하면서 복지 제도를 개편했다.",
            &["회사는 급여를 인상하면서", "회사는 복지 제도를 개편했다."],
        ),
        (
            "국내 출장은 1일 5만 원이며 국외 출장은 1일 100달러이다.",
            &["국내 출장은 1일 5만 원이며", "국외 출장은 1일 100달러이다."],
        ),
        (
            "출장비는 국내에서는 3만 원이고 해외에서는 5만 원이다.",
            &[
                "출장비는 국내에서는 3만 원이고",
                "출장비는 해외에서는 5만 원이다.",
            ],
        ),
        (
            "본 규정은 2024년 3월 1일부터 시행하며, 종전 규정은 폐지한다.",
            &[
                "본 규정은 2024년 3월 1일부터 시행하며",
                "종전 규정은 폐지한다.",
            ],
        ),
        (
            "A형은 10만 원인 반면 B형은 20만 원이다.",
            &["A형은 10만 원인 반면", "B형은 20만 원이다."],
        ),
        (
            "A안은 비용이 적지만 B안은 기간이 짧다.",
            &["A안은 비용이 적지만", "B안은 기간이 짧다."],
        ),
        (
            "이 제도는 연차가 아니고 병가이다.",
            &["이 제도는 연차가 아니고", "이 제도는 병가이다."],
        ),
        (
            "PPR-9087의 단가는 35,000원이고 PPR-9088의 단가는 40,000원이다.",
            &[
                "PPR-9087의 단가는 35,000원이고",
                "PPR-9088의 단가는 40,000원이다.",
            ],
        ),
        (
            "매출은 100억 원으로 전년보다 10% 늘었고, 영업이익은 20억 원으로 5% 줄었다.",
            &[
                "매출은 100억 원으로 전년보다 10% 늘었고",
                "영업이익은 20억 원으로 5% 줄었다.",
            ],
        ),
        (
            "연장근로는 1주 12시간을 초과할 수 없으며, 위반 시 과태료가 부과된다.",
            &[
                "연장근로는 1주 12시간을 초과할 수 없으며",
                "연장근로는 위반 시 과태료가 부과된다.",
            ],
        ),
        (
            "교육은 온라인으로 진행되고 수료증은 이메일로 발송된다.",
            &["교육은 온라인으로 진행되고", "수료증은 이메일로 발송된다."],
        ),
        (
            "회의실은 오전 9시부터 사용할 수 있고 오후 6시에 닫는다.",
            &[
                "회의실은 오전 9시부터 사용할 수 있고",
                "회의실은 오후 6시에 닫는다.",
            ],
        ),
        (
            "야근 식대는 1만 원인데, 택시비는 실비로 지급한다.",
            &["야근 식대는 1만 원인데", "택시비는 실비로 지급한다."],
        ),
        (
            "급여는 매월 25일에 지급하며, 그리고 상여는 연말에 지급한다.",
            &["급여는 매월 25일에 지급하며", "상여는 연말에 지급한다."],
        ),
        (
            "점심시간은 1시간이다; 휴게실은 3층에 있다.",
            &["점심시간은 1시간이다", "휴게실은 3층에 있다."],
        ),
        (
            "연차는 15일이고 병가는 10일이며 무급이다.",
            &["연차는 15일이고", "병가는 10일이며", "병가는 무급이다."],
        ),
        (
            "연차는 매년 1월 1일에 발생하고, 사용하지 않은 연차는 소멸한다.",
            &[
                "연차는 매년 1월 1일에 발생하고",
                "사용하지 않은 연차는 소멸한다.",
            ],
        ),
        (
            "또한 주차장은 지하 2층에 있으며 방문객은 2시간 무료이다.",
            &[
                "또한 주차장은 지하 2층에 있으며",
                "방문객은 2시간 무료이다.",
            ],
        ),
        (
            "노트북은 4년마다 교체하나, 모니터는 6년마다 교체한다.",
            &["노트북은 4년마다 교체하나", "모니터는 6년마다 교체한다."],
        ),
        (
            "그는 대리이지만 팀장은 아니다.",
            &["그는 대리이지만", "그는 팀장은 아니다."],
        ),
        (
            "회사는 장비를 지급하며 직원이 관리 책임을 진다.",
            &["회사는 장비를 지급하며", "직원이 관리 책임을 진다."],
        ),
        (
            "연차는 15일이며 팀장이 사용 시기를 정한다.",
            &["연차는 15일이며", "연차는 팀장이 사용 시기를 정한다."],
        ),
        (
            "퇴사 시 수당은 부장 3만 원, 과장 2만 원이다.",
            &[
                "퇴사 시 수당은 부장 3만 원이다.",
                "퇴사 시 수당은 과장 2만 원이다.",
            ],
        ),
        (
            "급여는 매월 25일에 지급되며, 25일이 휴일인 경우 전 영업일에 지급된다.",
            &[
                "급여는 매월 25일에 지급되며",
                "급여는 25일이 휴일인 경우 전 영업일에 지급된다.",
            ],
        ),
        (
            "서버는 서울에 있으나 백업은 부산에 보관된다.",
            &["서버는 서울에 있으나", "백업은 부산에 보관된다."],
        ),
    ];
    for (text, expected) in cases {
        check(text, expected);
    }
}

#[test]
fn a_korean_condition_that_opens_the_sentence_holds_for_each_part() {
    check(
        "퇴사하면 미사용 연차는 수당으로 지급하고 출입증은 반납한다.",
        &[
            "퇴사하면 미사용 연차는 수당으로 지급하고",
            "퇴사하면 출입증은 반납한다.",
        ],
    );
    check(
        "출입증을 분실한 경우 즉시 신고하고 재발급 비용 1만 원을 납부한다.",
        &[
            "출입증을 분실한 경우 즉시 신고하고",
            "출입증을 분실한 경우 재발급 비용 1만 원을 납부한다.",
        ],
    );
    check(
        "1년 미만이면 11일이고 1년 이상이면 15일이다.",
        &["1년 미만이면 11일이고", "1년 이상이면 15일이다."],
    );
    // Of which case the last is said cannot be told.
    check(
        "1년 미만이면 11일이고 1년 이상이면 15일이며 이월할 수 없다.",
        &[
            "1년 미만이면 11일이고",
            "1년 이상이면 15일이며 이월할 수 없다.",
        ],
    );
}

#[test]
fn korean_lists_of_figures_are_parts() {
    let cases: &[(&str, &[&str])] = &[
        (
            "부장은 3만 원, 과장은 2만 원이다.",
            &["부장은 3만 원이다.", "과장은 2만 원이다."],
        ),
        (
            "출장비는 부장 3만 원, 과장 2만 원, 대리 1만 원이다.",
            &[
                "출장비는 부장 3만 원이다.",
                "출장비는 과장 2만 원이다.",
                "출장비는 대리 1만 원이다.",
            ],
        ),
        (
            "부장에게 3만 원, 과장에게 2만 원을 지급한다.",
            &["부장에게 3만 원을 지급한다.", "과장에게 2만 원을 지급한다."],
        ),
        (
            "정규직은 15일, 계약직은 11일을 받는다.",
            &["정규직은 15일을 받는다.", "계약직은 11일을 받는다."],
        ),
        (
            "급여는 300만 원, 연차는 15일이다.",
            &["급여는 300만 원", "연차는 15일이다."],
        ),
        (
            "퇴사 시 부장 3만 원, 과장 2만 원을 지급한다.",
            &[
                "퇴사 시 부장 3만 원을 지급한다.",
                "퇴사 시 과장 2만 원을 지급한다.",
            ],
        ),
        (
            "노트북 1대, 모니터 2대를 지급한다.",
            &["노트북 1대를 지급한다.", "모니터 2대를 지급한다."],
        ),
        (
            "수당은 다음과 같다: 부장 3만 원, 과장 2만 원.",
            &[
                "수당은 다음과 같다: 부장 3만 원",
                "수당은 다음과 같다: 과장 2만 원.",
            ],
        ),
    ];
    for (text, expected) in cases {
        check(text, expected);
    }
}

#[test]
fn korean_sentences_that_say_one_thing_stay_whole() {
    for text in [
        "연차는 15일이다.",
        // Within a modifier.
        "3년 이상 근무하고 평가가 우수한 직원은 보너스를 받는다.",
        "회사는 3년 이상 근무하고 평가가 우수한 직원에게 보너스를 지급한다.",
        "회사는 3년 이상 근무하고 평가가 우수한 직원은 승진시킨다.",
        "만 60세 이상이고 근속이 10년인 직원은 정년을 연장한다.",
        "상시근로자가 5인 이상이며 매출이 10억 원 이하인 사업장에 적용한다.",
        "연차를 사용하고 반납하는 것은 직원의 의무이다.",
        // Within a condition.
        "무단결근하고 연락하지 않으면 해고할 수 있다.",
        "직원은 3년 이상 근무하고 평가가 우수한 경우 승진한다.",
        "연차는 1년 근무하면 15일이 발생하고 매년 갱신된다.",
        // Reasons, purposes and plans.
        "비용이 크고 기간이 길어서 취소했다.",
        "점검하고 보고하기 위해 회의를 연다.",
        "보안을 위해 비밀번호를 변경하고 공유하지 않도록 한다.",
        "회사는 급여를 인상하고 복지를 확대할 예정이다.",
        // Shared modality.
        "신분증을 제시하고 출입할 수 있다.",
        "허가를 받고 출입이 가능하다.",
        "신입은 교육을 이수하고 시험에 합격해야 한다.",
        "직원은 성실히 근무하며 비밀을 유지하여야 한다.",
        "문서는 외부로 반출하거나 복사하고 배포할 수 없다.",
        "근무하면서 학업을 병행할 수 있다.",
        // How something is done.
        "안전모를 착용하고 작업한다.",
        "신청하지 않고 사용한 휴가는 무급이다.",
        "직원은 명찰을 달고 회의에 들어간다.",
        // Auxiliaries.
        "현재 시스템을 운영하고 있다.",
        "연차를 사용하고 싶은 직원은 신청한다.",
        "보고서를 작성하고 나서 제출한다.",
        // Reported and quoted.
        "연차는 15일이고 병가는 10일이라고 안내했다.",
        "그는 \"연차는 15일이고 병가는 10일이다\"라고 말했다.",
        "규정은 「연차는 15일이지만 이월된다」고 정한다.",
        "팀장은 예산이 부족하다며 사업을 연기한다고 밝혔다.",
        "대표는 “실적이 좋고 전망이 밝다”며 투자를 늘린다.",
        // What a word means.
        "휴직이란 신분은 유지되나 근무하지 않는 상태를 말한다.",
        // Nouns.
        "그 제도는 공정함과 투명함, 그리고 신속함으로 유명하다.",
        "팀은 하나하나 꼼꼼한 점검으로 유명하다.",
        "총 3만 원, 최대 5만 원을 지급한다.",
        "부장과 과장은 회의에 참석한다.",
        "부장, 과장 그리고 대리가 참석했다.",
        "신고, 보고, 공고를 담당한다.",
        "연차는 15일까지만 사용할 수 있다.",
        "본 규정은 서면, 화면, 대면 보고에 적용한다.",
        "2024년 3월 1일, 회사는 직원 3명을 채용했다.",
        "정규직은 15일, 계약직은 3만 원을 받는다.",
        // Who does the second cannot be named again.
        "서울 본사 총무팀에서 일하는 직원이 문을 열고 불을 켠다.",
        "꼼꼼하고 서툰 신입 직원은 교육을 받는다.",
        // What is meant cannot be told without the other half.
        "신청서를 작성하고 팀장에게 제출한다.",
        "회사는 연차를 15일 부여하고 매년 갱신한다.",
        "연차는 15일이며 이는 유급이다.",
        "병가는 유급이고 연차도 유급이다.",
        "연차는 이월할 수 있고 양도도 가능하다.",
        "출장비는 실비로 지급하되 한도는 3만 원이다.",
        "담당자는 신청서를 검토하는데 필요한 서류를 요청한다.",
        "연차는 15일이고 병가는 10일입니까?",
    ] {
        whole(text);
    }
}

#[test]
fn english_clauses_are_parts_and_share_their_subject() {
    let cases: &[(&str, &[&str])] = &[
        (
            "Leave is 15 days and cannot be carried over.",
            &["Leave is 15 days", "Leave cannot be carried over."],
        ),
        ("Pay is 10 and leave is 20.", &["Pay is 10", "leave is 20."]),
        (
            "The gym is free for staff, but guests pay $5.",
            &["The gym is free for staff", "guests pay $5."],
        ),
        (
            "Leave is paid, but overtime is not.",
            &["Leave is paid", "overtime is not."],
        ),
        (
            "Regular staff get 15 days, whereas contractors get 10 days.",
            &["Regular staff get 15 days", "contractors get 10 days."],
        ),
        (
            "Overtime is paid at 150%, while travel time is unpaid.",
            &["Overtime is paid at 150%", "travel time is unpaid."],
        ),
        (
            "Employees receive 15 days and managers receive 20 days.",
            &["Employees receive 15 days", "managers receive 20 days."],
        ),
        (
            "The board met in May and approved the budget.",
            &["The board met in May", "The board approved the budget."],
        ),
        (
            "The fund grew 10% in 2023 and fell 5% in 2024.",
            &["The fund grew 10% in 2023", "The fund fell 5% in 2024."],
        ),
        (
            "Leave must be requested in writing and must be approved by the manager.",
            &[
                "Leave must be requested in writing",
                "Leave must be approved by the manager.",
            ],
        ),
        (
            "Passwords must be 12 characters and may not contain your name.",
            &[
                "Passwords must be 12 characters",
                "Passwords may not contain your name.",
            ],
        ),
        (
            "The allowance covers meals and lodging but does not cover alcohol.",
            &[
                "The allowance covers meals and lodging",
                "The allowance does not cover alcohol.",
            ],
        ),
        (
            "Expenses over $500 require approval and must be filed within 30 days.",
            &[
                "Expenses over $500 require approval",
                "Expenses over $500 must be filed within 30 days.",
            ],
        ),
        (
            "The difference between A and B is 10 days and cannot exceed 20 days.",
            &[
                "The difference between A and B is 10 days",
                "The difference between A and B cannot exceed 20 days.",
            ],
        ),
        (
            "The fee is between 10 and 20 dollars and is refundable.",
            &[
                "The fee is between 10 and 20 dollars",
                "The fee is refundable.",
            ],
        ),
        (
            "The data that the team collects is encrypted and is deleted after 90 days.",
            &[
                "The data that the team collects is encrypted",
                "The data that the team collects is deleted after 90 days.",
            ],
        ),
        (
            "The CEO is Kim and the CFO is Lee.",
            &["The CEO is Kim", "the CFO is Lee."],
        ),
        (
            "Johnson and Johnson is a supplier and Kim is the owner.",
            &["Johnson and Johnson is a supplier", "Kim is the owner."],
        ),
        (
            "There are 3 offices and there is one warehouse.",
            &["There are 3 offices", "there is one warehouse."],
        ),
        (
            "The price is $10, and shipping costs $5.",
            &["The price is $10", "shipping costs $5."],
        ),
        (
            "All visitors must register at the desk, and staff must wear badges.",
            &[
                "All visitors must register at the desk",
                "staff must wear badges.",
            ],
        ),
        (
            "Fees are waived for students and seniors are charged 5%.",
            &["Fees are waived for students", "seniors are charged 5%."],
        ),
        (
            "The company doesn't pay overtime and won't cover parking.",
            &[
                "The company doesn't pay overtime",
                "The company won't cover parking.",
            ],
        ),
        (
            "The rate rose to 5% and the bank announced that fees would rise.",
            &[
                "The rate rose to 5%",
                "the bank announced that fees would rise.",
            ],
        ),
        (
            "The badge must be returned; unused leave is paid.",
            &["The badge must be returned", "unused leave is paid."],
        ),
        (
            "Leave is 15 days; cannot be carried over.",
            &["Leave is 15 days", "Leave cannot be carried over."],
        ),
        (
            "Although leave is paid, parking is not free.",
            &["leave is paid", "parking is not free."],
        ),
        (
            "Annual leave is 15 days, sick leave is 10 days, and study leave is 5 days.",
            &[
                "Annual leave is 15 days",
                "sick leave is 10 days",
                "study leave is 5 days.",
            ],
        ),
        (
            "Leave accrues monthly, expires in December, and cannot be sold.",
            &[
                "Leave accrues monthly",
                "Leave expires in December",
                "Leave cannot be sold.",
            ],
        ),
        (
            "Submit the form by Friday and attach the receipt.",
            &["Submit the form by Friday", "attach the receipt."],
        ),
        (
            "Requests must be submitted 3 days in advance and are approved by the team lead.",
            &[
                "Requests must be submitted 3 days in advance",
                "Requests are approved by the team lead.",
            ],
        ),
        (
            "It's paid monthly and can be changed.",
            &["It's paid monthly", "It can be changed."],
        ),
        (
            "1. Leave is 15 days and cannot be carried over.",
            &["Leave is 15 days", "Leave cannot be carried over."],
        ),
        (
            "**Leave** is 15 days and cannot be carried over.",
            &["**Leave** is 15 days", "**Leave** cannot be carried over."],
        ),
    ];
    for (text, expected) in cases {
        check(text, expected);
    }
}

#[test]
fn english_relative_clauses_between_commas_are_parts() {
    let cases: &[(&str, &[&str])] = &[
        (
            "The policy, which took effect in March 2024, covers contractors.",
            &[
                "The policy took effect in March 2024",
                "The policy covers contractors.",
            ],
        ),
        (
            "Ms Kim, who joined in 2020, leads the team.",
            &["Ms Kim joined in 2020", "Ms Kim leads the team."],
        ),
        (
            "Interns, who are paid $15 per hour, do not receive bonuses.",
            &[
                "Interns are paid $15 per hour",
                "Interns do not receive bonuses.",
            ],
        ),
        (
            "The policy, which took effect in 2024, covers contractors and requires approval.",
            &[
                "The policy took effect in 2024",
                "The policy covers contractors",
                "The policy requires approval.",
            ],
        ),
        (
            "Requests go to the HR manager, who approves them within 3 days.",
            &[
                "Requests go to the HR manager",
                "the HR manager approves them within 3 days.",
            ],
        ),
    ];
    for (text, expected) in cases {
        check(text, expected);
    }
    // What `which` means, or how far it goes, cannot be told.
    whole("The office closes early, which saves energy.");
    whole("The form, which the manager signs, is kept for 5 years.");
    whole("The head of the team, who reports to the CEO, approves budgets.");
}

#[test]
fn what_an_english_sentence_opens_with_holds_for_each_part() {
    let cases: &[(&str, &[&str])] = &[
        (
            "If you resign, unused leave is paid and the badge is returned.",
            &[
                "If you resign, unused leave is paid",
                "If you resign, the badge is returned.",
            ],
        ),
        (
            "If you resign, return the badge and submit the form.",
            &[
                "If you resign, return the badge",
                "If you resign, submit the form.",
            ],
        ),
        (
            "If leave is requested late or the manager is absent, the request is rejected and the employee is notified.",
            &[
                "If leave is requested late or the manager is absent, the request is rejected",
                "If leave is requested late or the manager is absent, the employee is notified.",
            ],
        ),
        (
            "When you join, you receive a laptop and you get a badge.",
            &[
                "When you join, you receive a laptop",
                "When you join, you get a badge.",
            ],
        ),
        (
            "In March 2024, the company raised the base pay and the board approved the bonus plan.",
            &[
                "In March 2024, the company raised the base pay",
                "In March 2024, the board approved the bonus plan.",
            ],
        ),
        (
            "Under Section 4, leave is 15 days and expires in December.",
            &[
                "Under Section 4, leave is 15 days",
                "Under Section 4, leave expires in December.",
            ],
        ),
        (
            "Because demand is high, the price is $20 and delivery takes 5 days.",
            &[
                "Because demand is high, the price is $20",
                "Because demand is high, delivery takes 5 days.",
            ],
        ),
        (
            "However, leave is 15 days and cannot be carried over.",
            &["However, leave is 15 days", "leave cannot be carried over."],
        ),
        (
            "Leave is 15 days, and if you resign, unused leave is paid.",
            &["Leave is 15 days", "if you resign, unused leave is paid."],
        ),
        (
            "Note: leave is 15 days and cannot be carried over.",
            &[
                "Note: leave is 15 days",
                "Note: leave cannot be carried over.",
            ],
        ),
    ];
    for (text, expected) in cases {
        check(text, expected);
    }
}

#[test]
fn english_lists_of_figures_are_parts() {
    let cases: &[(&str, &[&str])] = &[
        (
            "The allowance is $30 for managers, $25 for seniors and $20 for staff.",
            &[
                "The allowance is $30 for managers",
                "The allowance is $25 for seniors",
                "The allowance is $20 for staff.",
            ],
        ),
        (
            "Managers receive 30,000 won, seniors 25,000 won, and juniors 20,000 won.",
            &[
                "Managers receive 30,000 won",
                "seniors receive 25,000 won",
                "juniors receive 20,000 won.",
            ],
        ),
        (
            "Allowances are as follows: manager 30,000 won, staff 20,000 won.",
            &[
                "Allowances are as follows: manager 30,000 won",
                "Allowances are as follows: staff 20,000 won.",
            ],
        ),
        (
            "The applicant submits: a form; a badge copy; a photo.",
            &[
                "The applicant submits: a form",
                "The applicant submits: a badge copy",
                "The applicant submits: a photo.",
            ],
        ),
    ];
    for (text, expected) in cases {
        check(text, expected);
    }
    whole("The fee is 10 won and 20 won, respectively.");
    whole("Benefits include: a gym, a canteen and free parking.");
    whole("The meeting was held on March 3, 2024.");
    whole("The company had 10 offices, 3 of them in Seoul, and 200 staff.");
}

#[test]
fn english_sentences_that_say_one_thing_stay_whole() {
    for text in [
        "Leave is 15 days.",
        // Nouns.
        "Pay and benefits are reviewed yearly.",
        "A, B and C attended the meeting.",
        "Staff hired in Seoul and Busan are paid monthly.",
        "Staff hired in Seoul and the team in Busan are paid monthly.",
        "The plan covers rent and the utilities charged by the landlord.",
        "The plan covers rent and utilities if the tenant is ill.",
        "The company owns plants in Seoul and Busan.",
        "The device is small and light.",
        "You can work from home and from the branch.",
        // Shared modality and denial.
        "Employees may not copy or share the file.",
        "Employees may not copy and share the file.",
        "You must wear a helmet and carry your badge.",
        "No employee is insured and is paid.",
        "Leave is neither paid nor transferable.",
        "Leave is not only paid but is also flexible.",
        // Conditions, reasons and purposes that follow.
        "Leave is paid and the badge is returned if you resign.",
        "Leave is granted when the employee is ill and the manager is absent.",
        "The office is closed because the heating is broken and the staff are away.",
        "Leave is granted so that employees rest and families benefit.",
        "Fees are waived for students and seniors as long as they are members.",
        // Relative clauses without commas.
        "Employees who are late and are absent lose pay.",
        "The policy applies to staff who joined before 2020 and does not apply to contractors.",
        "The plan covers employees who work in Seoul and contractors are excluded.",
        // Reported and quoted.
        "The policy says that leave is 15 days and sick leave is 10 days.",
        "The policy says leave is 15 days and sick leave is 10 days.",
        "The company announced leave is 15 days and sick leave is 10 days.",
        "He said leave is 15 days and it is paid.",
        "We believe A and B are equal.",
        "Please note that leave is 15 days and sick leave is 10 days.",
        "Make sure the form is signed and the fee is paid.",
        "\"Leave is 15 days and is paid\" is the rule.",
        "The rule (\"leave is 15 days and cannot be carried over\") applies to all staff.",
        // Objects of both, and what a verb is part of.
        "The company owns and operates a plant in Busan.",
        "The alarm sounds after the guard hit and broke the switch.",
        "The tool helps you choose a plan and use it well.",
        "You can appeal if you are sued, or the other side sues you, and you lose.",
        "If the car is new, the driver is over 26, and the fee is paid you may leave.",
        "The executions were planned for December 2019 and January 2020.",
        "The cost, whichever is more, will not be deducted, but the rest will.",
        // Names.
        "The manual is owned by Research and Development is next door.",
        // What `it` means cannot be told.
        "The report was published in 2023, but it was withdrawn in 2024.",
        "The bank raised the rate and it is now 5%.",
        "The plan covers meals and its limit is $50.",
        "Although visitors are exempt, they must register.",
        // A time.
        "While overtime is paid, travel is not.",
        "The door must be locked while the alarm is off and the guard is away.",
        "Is leave 15 days and is it paid?",
    ] {
        whole(text);
    }
}

#[test]
fn each_sentence_of_a_paragraph_is_cut_on_its_own() {
    check(
        "연차는 15일이고 병가는 10일이다. 자세한 것은 제12조를 본다.\nLeave is 15 days and cannot be carried over.",
        &[
            "연차는 15일이고",
            "병가는 10일이다.",
            "자세한 것은 제12조를 본다.",
            "Leave is 15 days",
            "Leave cannot be carried over.",
        ],
    );
    check("", &[]);
    check(" \n ", &[]);
}

#[test]
fn a_sentence_has_eight_parts_at_most_and_the_last_has_the_rest() {
    let rules: Vec<String> = (1..=12)
        .map(|number| format!("제도{number}는 {number}일이고"))
        .collect();
    let text = format!("{} 끝은 13일이다.", rules.join(" "));
    let parts = parts(&text);
    assert_eq!(parts.len(), LIMIT);
    assert_eq!(parts[0].text, "제도1는 1일이고");
    assert!(
        parts[7].text.starts_with("제도8는 8일이고 제도9는")
            && parts[7].text.ends_with("13일이다.")
    );
    assert_spans(&text, &parts);
    let items = (1..=12)
        .map(|number| format!("room {number} is {number} m"))
        .collect::<Vec<_>>();
    assert_eq!(
        super::parts(&format!("The {}.", items.join(" and the "))).len(),
        LIMIT
    );
}

#[test]
fn parts_of_long_texts_are_found_in_linear_time() {
    // A reader that looks at everything for each word needs hours for these.
    for unit in [
        "a and ",
        "가고 ",
        "a and",
        "가고",
        "(",
        "\"",
        "' ",
        "a, which is ",
        "A is 1 and ",
        "a is, ",
        "연차는 1일이고 ",
        "연차는 하고 ",
        "a; ",
        "a: ",
        "1, ",
        "if a, ",
        "부장은 1원, ",
        "and if a ",
        "is 1, a ",
        "X is 1, which ",
        "who is ",
        "한 ",
        "하면 ",
        "the ",
        "is 1 x for y, ",
        "a\u{301} ",
    ] {
        let text = unit.repeat((1 << 20) / unit.len());
        let parts = parts(&text);
        assert!(
            !parts.is_empty() && parts.len() <= LIMIT,
            "{unit:?} {}",
            parts.len()
        );
        assert_spans(&text, &parts);
        kind(&text);
        heading(&text);
    }
}

#[test]
fn what_claims_nothing_is_known_by_its_form() {
    let cases: &[(Kind, &[&str])] = &[
        (
            Kind::Greeting,
            &[
                "안녕하세요.",
                "감사합니다!",
                "다음과 같습니다.",
                "절차는 다음과 같습니다:",
                "제공된 문서에 따르면 다음과 같습니다.",
                "도움이 되었기를 바랍니다.",
                "추가로 궁금한 점이 있으시면 언제든지 말씀해 주세요.",
                "안녕하세요! 무엇을 도와드릴까요?",
                "Hello!",
                "Thank you for your question.",
                "Here is what I found:",
                "Based on the documents provided, here is the answer:",
                "The steps are as follows:",
                "I hope this helps!",
                "Let me know if you have questions.",
                "Please let me know if you have any other questions!",
                "---",
                "",
            ],
        ),
        (
            Kind::Hedge,
            &[
                "Please contact HR for details.",
                "For more information, please contact your manager.",
                "If you have any questions, please contact HR.",
                "I am not sure.",
                "I'm not sure about this.",
                "Unfortunately, I cannot answer this question.",
                "Please refer to the original document for details.",
                "자세한 내용은 인사팀에 문의하시기 바랍니다.",
                "더 자세한 내용은 담당자에게 확인해 주세요.",
                "궁금한 점이 있으시면 인사팀에 문의해 주세요.",
                "확실하지 않습니다.",
                "추가 확인이 필요합니다.",
            ],
        ),
        (
            Kind::Heading,
            &[
                "# 연차",
                "## Annual leave",
                "### 제3조 (연차휴가)",
                "Section 4.2: Leave:",
                "Annual leave:",
                "**휴가**",
                "휴가 신청 절차:",
                "개요:",
            ],
        ),
        (
            Kind::Question,
            &[
                "Do you have any other questions?",
                "Is there anything else I can help you with?",
                "연차를 사용할 수 있나요?",
                "연차는 며칠인가요?",
                "무엇을 도와드릴까요?",
                "반차를 쓸 수 있습니까?",
                "반차를 쓸 수 있습니까",
            ],
        ),
    ];
    for (expected, texts) in cases {
        for text in *texts {
            assert_eq!(kind(text), *expected, "{text}");
        }
    }
}

#[test]
fn what_may_claim_something_is_checkable() {
    for text in [
        "Leave is 15 days.",
        "Smoking is not allowed.",
        // An answer, however short.
        "Yes.",
        "No.",
        "Sure.",
        "네.",
        "아니요.",
        // More than the form.
        "Hello, leave is unlimited.",
        "Thank you for your 99 days.",
        "안녕하세요, 연차는 무제한입니다.",
        "Hello. Leave is unlimited.",
        "연차 무제한 사용 절차는 다음과 같습니다:",
        "The secret steps are as follows:",
        // Whom to ask in what matter is a claim, and so is a name.
        "Please contact HR.",
        "Contact the finance team.",
        "Please contact HR within 3 days.",
        "Please contact HR at 02-123-4567 for details.",
        "Please contact Kim Minji in HR for details.",
        "You must contact HR for details.",
        "Please contact IT for details about your right to unlimited leave.",
        "인사팀에 문의하시기 바랍니다.",
        "자세한 내용은 인사팀 김민지에게 문의하시기 바랍니다.",
        "연차 신청은 인사팀에 문의하시기 바랍니다.",
        "I'm not sure, but leave is unlimited.",
        "연차가 있는지 확실하지 않습니다.",
        // Titles that are sentences, or give figures.
        "# Leave is unlimited",
        "# Leave: 99 days",
        "# 연차는 무제한",
        "Annual leave: 99 days",
        "Leave for 99 days:",
        "연차는 이월 불가:",
        "Annual leave",
        // Questions that state something.
        "Leave is 15 days, right?",
        "Did you know that leave is unlimited?",
        "Is leave more than sick leave?",
        "연차가 왜 무제한인가요?",
        "연차는 15일인가요?",
        "연차가 이월되는 것을 알고 계셨나요?",
        "연차는 15일이 맞죠?",
        // A reason, not a question.
        "법인카드는 개인 용도로 써도 되니까.",
        "반차는 팀장 승인만 있으면 되니까.",
    ] {
        assert_eq!(kind(text), Kind::Checkable, "{text}");
    }
}

#[test]
fn a_title_is_read_without_its_marks() {
    for (text, expected) in [
        ("## Annual leave", Some("Annual leave")),
        ("Annual leave:", Some("Annual leave")),
        ("**휴가:**", Some("휴가")),
        ("### **휴가**", Some("휴가")),
        ("휴가：", Some("휴가")),
        ("휴가", None),
        ("#", None),
        (":", None),
        ("", None),
    ] {
        assert_eq!(heading(text), expected, "{text}");
    }
}

fn is_own(text: &str, part: &Part) -> bool {
    part.text == text[part.span.clone()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_has_parts_in_order(text in any::<String>()) {
        let parts = parts(&text);
        assert_spans(&text, &parts);
        prop_assert_eq!(parts.is_empty(), text.trim().is_empty());
        kind(&text);
        heading(&text);
    }

    #[test]
    fn any_words_have_parts_in_order_and_keep_their_figures_and_quotes(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "연차는", "병가가", "15일이고", "15일이며", "3만", "원,", "과장은", "2만", "원이다.", "하고",
                "있고", "없으며", "유급이지만", "받는데", "우수한", "직원은", "퇴사하면", "경우,", "그리고",
                "「연차와", "병가」", "“가고", "가며”", "다음과 같다:", "국내에서는", "반면",
                "Leave", "is", "15", "days,", "days", "and", "but", "which", ", which", "who", "cannot", "be",
                "carried", "over.", "If", "you", "resign,", "the badge", "covers", "took", "\"pay", "and\"",
                "(a", "is)", "$30", "for", "staff,", "while", "whereas", "it's", "submit", "the", "form;",
                "Note:", "-", "1.", "👍🏽", "e\u{301}", "’", "'", "\u{1112}\u{1161}\u{11ab}", "\n", ";",
            ]),
            0..24,
        ),
    ) {
        let text = words.join(" ");
        let parts = parts(&text);
        assert_spans(&text, &parts);
        let joined: Vec<&str> = parts.iter().map(|part| &text[part.span.clone()]).collect();
        let joined = joined.join("\n");
        for sentence in ingest::sentence::split(&text) {
            for quote in quoted(&text, &sentence) {
                prop_assert!(joined.contains(&text[quote]), "{:?} {:?}", text, parts);
            }
        }
        for part in &parts {
            let own = text[part.span.clone()].trim_end_matches(['.', ',', ';']);
            let last = own.split_whitespace().next_back().unwrap_or_default();
            prop_assert!(part.text.contains(last), "{:?} {:?}", text, parts);
        }
        kind(&text);
    }

    #[test]
    fn a_part_is_one_part(
        clauses in prop::collection::vec((0..6_usize, 1..90_u32), 1..6),
        is_korean in any::<bool>(),
    ) {
        const NOUNS: [[&str; 6]; 2] = [
            ["연차는", "병가는", "출장비는", "재택근무는", "점심시간은", "한도는"],
            ["annual leave", "sick leave", "the allowance", "remote work", "the lunch break", "the limit"],
        ];
        let text = if is_korean {
            let clauses: Vec<String> = clauses
                .iter()
                .map(|(noun, figure)| format!("{} {figure}일", NOUNS[0][*noun]))
                .collect();
            format!("{}이다.", clauses.join("이고 "))
        } else {
            let clauses: Vec<String> = clauses
                .iter()
                .map(|(noun, figure)| format!("{} is {figure} days", NOUNS[1][*noun]))
                .collect();
            format!("{}.", clauses.join(" and "))
        };
        let found = parts(&text);
        prop_assert_eq!(found.len(), clauses.len(), "{}", text);
        for part in found {
            let again = parts(&part.text);
            prop_assert_eq!(again.len(), 1, "{:?}", again);
            prop_assert!(is_own(&text, &part));
            prop_assert_eq!(&again[0].text, &part.text);
        }
    }
}

#[test]
fn a_joiner_that_opens_a_quote_is_a_part_of_it() {
    for text in [
        "다음과 같다: 하고 2만 and\" 하고 1. and\"",
        "다음과 같다: 부장 3만 원 그리고\" 과장 2만 원\"",
    ] {
        let parts = parts(text);
        let (_, quote) = text.split_once('"').unwrap();
        assert!(
            parts
                .iter()
                .any(|part| text[part.span.clone()].contains(&format!("\"{quote}"))),
            "{parts:?}"
        );
    }
}

#[test]
fn the_mark_of_a_list_states_nothing() {
    for (text, own) in [
        (
            "1. A password must be changed every 180 days.",
            "A password must be changed every 180 days.",
        ),
        ("(3) 연차는 15일이다.", "연차는 15일이다."),
        ("- 5 passwords are kept.", "5 passwords are kept."),
        ("• 병가는 60일이다.", "병가는 60일이다."),
        ("12) Laptops must be locked.", "Laptops must be locked."),
        ("3. 1. 시행한다.", "3. 1. 시행한다."),
        ("2025. 3. 1.부터 시행한다.", "2025. 3. 1.부터 시행한다."),
        ("15.5일을 쓴다.", "15.5일을 쓴다."),
        ("-5도까지 견딘다.", "-5도까지 견딘다."),
        ("3 days are given.", "3 days are given."),
    ] {
        assert_eq!(&text[mark(text)..], own, "{text}");
        let parts = parts(text);
        assert!(
            parts
                .iter()
                .all(|part| text[part.span.clone()] == part.text),
            "{parts:?}"
        );
        assert_eq!(
            parts.first().map(|part| part.span.start),
            Some(text.len() - own.len()),
            "{text}"
        );
    }
}
