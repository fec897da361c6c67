//! What each route does, in Korean; the description itself is English.

/// Method, path and what the route does.
const ROUTES: &[(&str, &str, &str)] = &[
    (
        "post",
        "/v1/answers",
        "질문하는 사람이 볼 수 있는 문서에서 답을 찾고, 문장마다 인용한 구절과 대조해 돌려줍니다.",
    ),
    (
        "post",
        "/v1/verify",
        "예전에 받은 답이 그대로인지, 인용한 문서가 지금도 그렇게 말하는지 확인합니다.",
    ),
    (
        "post",
        "/v1/check",
        "다른 프로그램이 쓴 답을 함께 보낸 구절과 대조해 문장마다 판정합니다.",
    ),
    (
        "get",
        "/v1/documents",
        "볼 수 있는 문서를 모두 보여 줍니다.",
    ),
    (
        "post",
        "/v1/documents",
        "파일을 올립니다. 읽는 일은 뒤에서 이어집니다.",
    ),
    (
        "get",
        "/v1/documents/events",
        "문서가 처리되는 상태를 이벤트로 계속 보냅니다.",
    ),
    ("get", "/v1/documents/{id}", "문서 하나를 보여 줍니다."),
    (
        "patch",
        "/v1/documents/{id}",
        "제목, 작성자, 모음, 꼬리표, 날짜, 시행 기간, 대신하는 문서를 정합니다.",
    ),
    (
        "delete",
        "/v1/documents/{id}",
        "문서를 두 색인과 파일, 본문까지 지웁니다.",
    ),
    (
        "get",
        "/v1/documents/{id}/versions",
        "남아 있는 판을 보여 줍니다: 지금 검색되는 판과, 답이 인용할 수 있는 옛 판.",
    ),
    (
        "post",
        "/v1/documents/{id}/retry",
        "읽지 못했거나 취소된 문서를 다시 읽습니다.",
    ),
    (
        "post",
        "/v1/documents/{id}/cancel",
        "문서를 읽는 일을 멈춥니다.",
    ),
    (
        "get",
        "/v1/documents/{id}/original",
        "올린 파일을 그대로 보냅니다.",
    ),
    (
        "get",
        "/v1/documents/{id}/pages/{page}",
        "PDF의 한 쪽이나 그림을 인쇄된 모습의 그림으로 보냅니다.",
    ),
    (
        "post",
        "/v1/chat/completions",
        "OpenAI 클라이언트가 묻고 읽는 모양으로, 대화의 마지막 질문에 답합니다. 확인된 문장만 나갑니다.",
    ),
    (
        "post",
        "/v1/messages",
        "Anthropic 클라이언트가 묻고 읽는 모양으로, 대화의 마지막 질문에 답합니다. 확인된 문장만 나갑니다.",
    ),
    (
        "get",
        "/v1/models",
        "모델의 목록입니다. `veracite`는 확인된 문장만, `veracite-marked`는 나머지도 표시해서 보입니다.",
    ),
    ("get", "/v1/models/{id}", "모델 하나를 보여 줍니다."),
];

/// What a route does, if it is told in Korean.
pub(super) fn summary(method: &str, path: &str) -> Option<&'static str> {
    ROUTES
        .iter()
        .find(|(known_method, known_path, _)| *known_method == method && *known_path == path)
        .map(|(_, _, summary)| *summary)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::api;

    #[test]
    fn routes_that_are_told_of_are_there() {
        let description = serde_json::to_value(api::description()).unwrap();
        for (method, path, summary) in ROUTES {
            assert!(
                description["paths"][path][method].is_object(),
                "{method} {path}"
            );
            assert!(summary.chars().any(crate::language::is_hangul), "{summary}");
        }
    }
}
