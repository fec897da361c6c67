//! What each route does, in Korean; the description itself is English.

/// Method, path and what the route does.
const ROUTES: &[(&str, &str, &str)] = &[
    (
        "get",
        "/v1/webhooks",
        "웹훅을 모두 보여 줍니다. 웹훅 관련 작업은 모두 관리자만 할 수 있습니다.",
    ),
    (
        "post",
        "/v1/webhooks",
        "웹훅을 만듭니다: 문서의 상태가 바뀔 때마다 서명한 메시지를 보냅니다. 비밀 값은 한 번만 보여 줍니다.",
    ),
    (
        "patch",
        "/v1/webhooks/{id}",
        "웹훅을 변경하거나 일시 중지합니다.",
    ),
    (
        "delete",
        "/v1/webhooks/{id}",
        "웹훅을 아직 보내지 않은 메시지와 함께 삭제합니다.",
    ),
    (
        "post",
        "/v1/webhooks/{id}/test",
        "전송이 잘 되는지 확인하도록 시험 메시지를 보냅니다.",
    ),
    (
        "get",
        "/v1/webhooks/{id}/deliveries",
        "웹훅으로 보낸 메시지와 그 결과를 최근 것부터 보여 줍니다.",
    ),
    (
        "post",
        "/v1/webhooks/{id}/deliveries/{delivery}/retry",
        "사흘 동안 전송되지 않아 중단된 메시지를 다시 보냅니다.",
    ),
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
        "/v1/feedback",
        "답이나 그 문장에 대한 의견을 받습니다. 같은 사람이 이전에 낸 의견을 대체합니다.",
    ),
    (
        "get",
        "/v1/feedback",
        "요청한 사용자가 낸 의견을 보여 줍니다. 관리자에게는 모든 사용자의 의견을 보여 줍니다.",
    ),
    (
        "put",
        "/v1/feedback/{id}/decision",
        "의견을 승인하거나 반려하거나 결정을 미룹니다. 답의 근거 문서를 모두 볼 수 있는 관리자만 할 수 있습니다.",
    ),
    (
        "delete",
        "/v1/feedback/{id}",
        "의견을 취소합니다. 관리자는 누구의 의견이든 삭제할 수 있습니다.",
    ),
    (
        "get",
        "/v1/feedback/export",
        "의견을 TRL이 읽는 형식으로 내보냅니다. 관리자만 할 수 있습니다.",
    ),
    (
        "post",
        "/v1/check",
        "다른 프로그램이 쓴 답을 함께 보낸 구절과 대조해 문장마다 판정합니다.",
    ),
    (
        "get",
        "/v1/documents",
        "찾을 수 있는 문서를 한 페이지씩 보여 줍니다. 검색어, 상태, 형식, 모음, 태그로 좁히고 이름, 상태, 크기, 변경 시각으로 정렬합니다.",
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
    (
        "post",
        "/v1/documents/bulk",
        "여러 문서를 한꺼번에 변경하거나 삭제하거나 다시 읽고, 문서별 결과를 돌려줍니다.",
    ),
    (
        "get",
        "/v1/sources",
        "문서를 가져오는 폴더, 웹 사이트, 버킷과 마지막 동기화 결과를 보여 줍니다.",
    ),
    (
        "post",
        "/v1/sources/look",
        "폴더, 웹 사이트, 버킷 하나를 지금 동기화합니다. 관리자만 할 수 있습니다.",
    ),
    (
        "get",
        "/v1/statistics",
        "질문, 판정, 소요 시간, 토큰, 답하지 못한 질문, 인용한 문서의 일별 집계를 보여 줍니다. 관리자만 볼 수 있습니다.",
    ),
    ("get", "/v1/documents/{id}", "문서 하나를 보여 줍니다."),
    (
        "patch",
        "/v1/documents/{id}",
        "제목, 작성자, 모음, 태그, 날짜, 시행 기간, 대신하는 문서를 정합니다.",
    ),
    (
        "delete",
        "/v1/documents/{id}",
        "문서를 두 색인과 파일, 본문까지 삭제합니다.",
    ),
    (
        "get",
        "/v1/documents/{id}/versions",
        "남아 있는 버전을 보여 줍니다: 현재 검색되는 버전과, 답이 인용하고 있을 수 있는 이전 버전.",
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
        "OpenAI 클라이언트의 형식으로 대화의 마지막 질문에 답합니다. 이전 질문은 이어지는 질문을 보완할 때만 읽습니다. 확인된 문장만 보냅니다.",
    ),
    (
        "post",
        "/v1/messages",
        "Anthropic 클라이언트의 형식으로 대화의 마지막 질문에 답합니다. 이전 질문은 이어지는 질문을 보완할 때만 읽습니다. 확인된 문장만 보냅니다.",
    ),
    (
        "get",
        "/v1/models",
        "모델의 목록입니다. `veracite`는 확인된 문장만, `veracite-marked`는 나머지도 표시해서 보입니다.",
    ),
    ("get", "/v1/models/{id}", "모델 하나를 보여 줍니다."),
    (
        "get",
        "/v1/conversations",
        "요청한 사용자의 대화를 최근 것부터 보여 줍니다. 낱말로 검색할 수 있습니다.",
    ),
    (
        "post",
        "/v1/conversations",
        "대화를 시작합니다. 받은 id를 질문의 conversation에 넣으면 이어지는 질문을 이해하고, 질문과 답을 보관합니다.",
    ),
    (
        "get",
        "/v1/conversations/{id}",
        "대화를 보여 줍니다. 더 이상 볼 수 없거나 삭제된 문서에 근거한 문장은 표시하지 않고 개수만 알립니다.",
    ),
    (
        "patch",
        "/v1/conversations/{id}",
        "대화의 제목을 변경합니다.",
    ),
    ("delete", "/v1/conversations/{id}", "대화를 삭제합니다."),
    (
        "get",
        "/v1/conversations/{id}/export",
        "대화를 번호 붙은 인용과 함께 Markdown으로, 또는 JSON으로 내려받습니다.",
    ),
    (
        "get",
        "/v1/session",
        "요청한 사용자가 누구이고 무엇을 할 수 있는지 알려 줍니다.",
    ),
    (
        "post",
        "/v1/session",
        "이름과 비밀번호로 로그인합니다. 세션은 쿠키로 받습니다.",
    ),
    ("delete", "/v1/session", "로그아웃합니다. 세션이 끝납니다."),
    (
        "put",
        "/v1/session/password",
        "비밀번호를 변경합니다. 다른 세션은 모두 끝납니다.",
    ),
    ("get", "/v1/sessions", "요청한 사용자의 세션을 보여 줍니다."),
    (
        "delete",
        "/v1/sessions",
        "요청한 사용자의 세션을 모두 끝냅니다.",
    ),
    (
        "delete",
        "/v1/sessions/{id}",
        "요청한 사용자의 세션 하나를 끝냅니다.",
    ),
    ("get", "/v1/keys", "요청한 사용자의 API 키를 보여 줍니다."),
    (
        "post",
        "/v1/keys",
        "API 키를 만듭니다. 키는 이때 한 번만 보입니다.",
    ),
    ("delete", "/v1/keys/{id}", "API 키 하나를 폐기합니다."),
    (
        "get",
        "/v1/documents/{id}/rights",
        "문서를 누가 찾고, 인용하고, 내려받을 수 있는지 보여 줍니다.",
    ),
    (
        "put",
        "/v1/documents/{id}/rights",
        "문서의 권한을 지정합니다. 바로 다음 질문부터 적용됩니다.",
    ),
    (
        "delete",
        "/v1/documents/{id}/rights",
        "문서가 모음의 권한이나 기본 권한을 따르게 합니다.",
    ),
    (
        "get",
        "/v1/documents/{id}/readers",
        "누가 이 문서를 볼 수 있는지, 어떤 권한으로 볼 수 있는지 보여 줍니다. 관리자만 쓸 수 있습니다.",
    ),
    (
        "get",
        "/v1/collections",
        "모음과 문서 수를 보여 줍니다. 관리자에게는 권한도 보입니다.",
    ),
    (
        "get",
        "/v1/collections/{name}/rights",
        "모음의 권한을 보여 줍니다. 관리자만 쓸 수 있습니다.",
    ),
    (
        "put",
        "/v1/collections/{name}/rights",
        "모음의 권한을 지정합니다. 문서가 많아도 바로 다음 질문부터 적용됩니다.",
    ),
    (
        "delete",
        "/v1/collections/{name}/rights",
        "모음의 권한을 삭제하고 기본 권한을 따르게 합니다.",
    ),
    (
        "get",
        "/v1/people",
        "사용자와 그룹을 보여 줍니다. 관리자만 쓸 수 있습니다.",
    ),
    (
        "post",
        "/v1/people",
        "사용자를 초대합니다. 초대 링크는 이때 한 번만 보입니다.",
    ),
    ("get", "/v1/people/{id}", "사용자 하나를 보여 줍니다."),
    (
        "patch",
        "/v1/people/{id}",
        "사용자의 표시 이름, 역할, 그룹을 변경하거나 로그인을 막습니다.",
    ),
    (
        "delete",
        "/v1/people/{id}",
        "사용자를 세션과 키까지 삭제합니다.",
    ),
    (
        "post",
        "/v1/people/{id}/invitation",
        "비밀번호 설정 링크를 새로 만듭니다. 이전 링크는 쓸 수 없게 됩니다.",
    ),
    (
        "get",
        "/v1/people/{id}/identities",
        "사용자와 연결된 로그인 제공자의 계정을 보여 줍니다.",
    ),
    (
        "post",
        "/v1/people/{id}/identities",
        "로그인 제공자로 로그인할 수 있게 그 계정을 사용자와 연결합니다.",
    ),
    (
        "delete",
        "/v1/people/{id}/identities/{identity}",
        "로그인 제공자 계정의 연결을 해제합니다. 그 사용자의 세션이 모두 끝납니다.",
    ),
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
