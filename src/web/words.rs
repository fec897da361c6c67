//! The words of the pages, in Korean and English, side by side.
//!
//! A `{name}` in them is filled in by the script or template that shows them.

/// Words in Korean and English, side by side: a struct of them, and what gives those of a language. Tests
/// find them as `PAIRS`, with their names.
macro_rules! two_languages {
    (
        $(#[$of_all:meta])*
        $seen:vis struct $words:ident, $given:vis fn $of:ident;
        $($(#[$doc:meta])* $name:ident: $ko:literal, $en:literal;)*
    ) => {
        $(#[$of_all])*
        #[derive(Debug, serde::Serialize)]
        $seen struct $words {
            $($(#[$doc])* $seen $name: &'static str,)*
        }

        static KO: $words = $words { $($name: $ko,)* };
        static EN: $words = $words { $($name: $en,)* };

        /// The words of a language.
        $given fn $of(language: $crate::language::Language) -> &'static $words {
            match language {
                $crate::language::Language::Ko => &KO,
                $crate::language::Language::En => &EN,
            }
        }

        #[cfg(test)]
        const PAIRS: &[(&str, &str, &str)] = &[$((stringify!($name), $ko, $en),)*];
    };
}
pub(in crate::web) use two_languages;

impl Words {
    /// A verdict by its name: as the style sheet calls it, its mark and its words. What is not known is not
    /// verified.
    pub(super) fn of_verdict(&self, name: &str) -> (&'static str, &'static str, &'static str) {
        match name {
            "supported" => ("supported", "✓", self.supported),
            "partial" => ("partial", "◐", self.partial),
            "contradicted" => ("contradicted", "✗", self.contradicted),
            "unsupported" => ("unsupported", "✗", self.unsupported),
            "not_checkable" => ("not_checkable", "", self.not_checkable),
            _ => ("unverified", "?", self.unverified),
        }
    }
}

two_languages! {
    /// Every word that a page shows.
    pub(crate) struct Words, pub(crate) fn words;

    // Every page.
    product: "Veracite", "Veracite";
    ask: "질문", "Ask";
    documents: "문서", "Documents";
    operation: "운영", "Operation";
    main_navigation: "주요 메뉴", "Main";
    skip: "본문으로 건너뛰기", "Skip to content";
    other_language: "English", "한국어";
    sign_out: "로그아웃", "Sign out";
    notice: "알림", "Notice";
    close: "닫기", "Close";
    unreachable: "서버에 닿지 않습니다. 연결을 확인하고 다시 해 주세요.", "The server cannot be reached. Check the connection and try again.";

    // Questions and answers.
    welcome: "문서에게 물어보세요", "Ask your documents";
    welcome_text: "모든 문장을 인용한 구절과 대조한 뒤에 보여 드립니다. 문서에 없으면 없다고 말합니다.", "Every sentence is checked against the passage it cites before you see it. Where the documents are silent, so is the answer.";
    question: "질문", "Question";
    question_hint: "무엇이 궁금하신가요?", "What would you like to know?";
    keys_hint: "Enter로 보내고 Shift+Enter로 줄을 바꿉니다.", "Enter sends, Shift+Enter starts a new line.";
    send: "보내기", "Send";
    stop: "멈추기", "Stop";
    mode: "근거 없는 문장", "Unsupported sentences";
    mode_strict: "숨기기", "Withhold";
    mode_marked: "표시해서 보이기", "Show marked";
    mode_strict_hint: "문서로 확인된 문장만 보입니다.", "Only sentences that the documents support are shown.";
    mode_marked_hint: "확인되지 않은 문장도 표시와 이유를 붙여 보입니다.", "Unsupported sentences are shown too, with a mark and the reason.";
    conversation: "질문과 답", "Questions and answers";
    you_asked: "질문", "You asked";
    searching: "문서를 찾는 중…", "Searching the documents…";
    checking: "구절 {count}개를 찾았습니다. 문장을 확인하는 중…", "{count} passages found. Checking sentences…";
    done: "답이 끝났습니다.", "The answer is complete.";
    stopped: "멈추었습니다.", "Stopped.";
    cut_short: "답이 중간에 끊겼습니다. 여기까지는 확인된 문장입니다.", "The answer was cut off. What is shown was checked.";
    withheld: "문서로 뒷받침되지 않은 {count}문장은 보이지 않았습니다.", "Withheld because the documents do not support it: {count}.";
    rewritten: "확인에 걸려 근거대로 고쳐 쓴 문장", "Rewritten from its evidence after the check";
    conflict: "문서끼리 다릅니다", "The documents differ";
    in_force: "{date} 시행", "in force from {date}";
    truncated: "언어 모델이 토큰 한도에 닿아 답을 끝맺지 못했습니다.", "The language model reached its limit of tokens before the answer was done.";
    copied: "복사했습니다", "Copied";
    copy_failed: "복사하지 못했습니다", "Could not copy";
    ask_again: "다시 묻기", "Ask again";
    supported: "확인됨", "Supported";
    partial: "일부만 확인됨", "Partly supported";
    contradicted: "문서와 다름", "Contradicted";
    unsupported: "근거 없음", "Not in the documents";
    not_checkable: "확인할 내용 없음", "Nothing to check";
    unverified: "확인하지 못함", "Unverified";
    citation: "출처 {number}: {title}", "Source {number}: {title}";
    ledger: "찾은 구절 {count}개", "{count} passages found";
    ledger_used: "구절 {number}번으로 쓰임", "used as passage {number}";
    ledger_no_room: "자리가 모자라 빠짐", "left out: no room";
    ledger_duplicate: "다른 구절과 같아 빠짐", "left out: duplicate";
    ledger_below_cut: "순위가 낮아 빠짐", "left out: ranked too low";
    ledger_gone: "문서가 바뀌어 빠짐", "left out: the document changed";
    quoted: "문서의 문장을 그대로 옮겼습니다. 물으신 것에 맞는지는 직접 살펴보세요.", "Quoted from the documents word for word. Whether it is what you asked for is for you to judge.";
    made_by: "작성 {generator} · 확인 {checker}", "Written by {generator} · checked by {checker}";

    // Conversations.
    conversations: "대화", "Conversations";
    new_conversation: "새 대화", "New conversation";
    find_conversations: "대화 검색", "Search conversations";
    find: "검색", "Search";
    no_conversations: "아직 대화가 없습니다.", "No conversations yet.";
    no_conversation_found: "검색어가 들어 있는 대화가 없습니다.", "No conversation has these words.";
    more: "더 보기", "Show more";
    conversation_menu: "더 보기", "More";
    rename: "이름 변경", "Rename";
    title: "제목", "Title";
    export_markdown: "Markdown으로 내보내기", "Export as Markdown";
    export_json: "JSON으로 내보내기", "Export as JSON";
    delete_conversation: "대화 삭제", "Delete conversation";
    delete_conversation_text: "「{title}」 대화를 삭제합니다. 되돌릴 수 없습니다.", "The conversation “{title}” will be deleted. This cannot be undone.";
    searched_for: "이 질문으로 검색했습니다: {question}", "Searched for: {question}";
    as_typed: "입력한 그대로 묻기", "Ask as typed";
    edit_search: "수정해서 묻기", "Edit and ask";
    suggestions: "이어서 물어볼 만한 질문", "You could ask next";
    answer_again: "다시 답하기", "Answer again";
    copy_cited: "인용과 함께 복사", "Copy with citations";
    narrow: "검색할 문서 좁히기", "Narrow the documents";
    narrowed: "검색할 문서를 좁혔습니다", "Documents narrowed";
    filter_collections: "모음 (여러 개는 쉼표로 구분)", "Collections, separated by commas";
    filter_from: "이 날짜 이후의 문서", "Documents dated from";
    filter_until: "이 날짜 이전의 문서", "Documents dated until";
    filter_in_force: "이 날짜에 시행 중인 문서", "In force on";
    withheld_why: "이유 보기", "Show why";
    withheld_not_facts: "뒷받침되지 않은 문장은 사실로 오해하지 않도록 내용을 표시하지 않습니다.", "Unsupported sentences are not shown, so that nobody takes them for facts.";
    turn_failed: "답하지 못했습니다. 다시 질문해 주세요.", "The question could not be answered. Ask again.";
    turn_running: "아직 답하는 중입니다. 잠시 뒤 새로 고쳐 주세요.", "Still being answered. Reload the page in a moment.";
    offline: "연결이 끊겼습니다. 다시 연결되면 질문할 수 있으며, 입력한 질문은 그대로 남아 있습니다.", "The connection is lost. You can ask once it is back; your question is kept.";
    kept_before: "다시 답하지 못해 이전 답을 그대로 둡니다.", "It could not be answered again; the earlier answer stays.";
    answer_is_whole: "답이 끝났습니다. {text}", "The answer is complete. {text}";
    menu: "메뉴", "Menu";
    more_pages: "다른 화면", "More pages";

    // Sources.
    sources: "출처", "Sources";
    sources_hint: "문장 옆의 번호를 누르면 인용한 구절이 여기에 보입니다.", "Choose a number beside a sentence to see the passage it quotes.";
    page: "{page}쪽", "page {page}";
    page_as_printed: "인쇄된 모습 · {page}쪽", "As printed · page {page}";
    recognized: "그림에서 읽은 글자", "read from a picture";
    paragraph: "{first}번째 문단", "paragraph {first}";
    paragraphs: "{first}–{last}번째 문단", "paragraphs {first} to {last}";
    slide: "슬라이드 {page}", "slide {page}";
    sheet: "시트 {name}", "sheet {name}";
    pages: "{page}–{last}쪽", "pages {page}–{last}";
    open_source: "문서에서 보기", "Show in the document";
    open_original: "원본 내려받기", "Download original";
    rests_on: "이 문장의 근거", "What this sentence rests on";

    // A document's text.
    to_quote: "인용한 곳으로", "Go to the quote";
    read_as: "아래는 검색과 확인에 쓰는 본문입니다. 원본의 모양과는 다를 수 있습니다.", "This is the text that is searched and checked. It may look different from the original.";
    quote_unshown: "인용한 곳을 정확히 보일 수 없어 표시하지 않았습니다.", "The quote cannot be shown exactly, so nothing is highlighted.";
    other_version: "인용한 뒤에 문서가 바뀌었습니다. 아래는 지금의 본문이며, 인용한 곳은 표시하지 않았습니다.", "The document has changed since it was quoted. This is the present text, and nothing is highlighted.";
    replaced: "{day}에 새 버전으로 바뀐 이전 버전입니다. 검색에는 쓰이지 않으며, 이 버전을 인용한 답을 살펴볼 수 있도록 남아 있습니다.", "This is an old version, replaced on {day}. It is not searched any more, and is kept so that answers which quote it can be looked up.";
    newest_version: "현재 버전 보기", "See the present version";
    not_read_yet: "아직 본문을 읽지 못했습니다.", "Its text has not been read yet.";
    no_text: "읽을 수 있는 글이 없습니다.", "It holds no text that can be read.";

    // Documents.
    add_files: "파일 올리기", "Add files";
    drop_here: "파일을 여기에 끌어다 놓거나", "Drop files here, or";
    choose_files: "파일 선택", "choose files";
    formats_hint: "PDF, 한글(HWP·HWPX), Word, PowerPoint, Excel, 오픈도큐먼트, RTF, 메일, 웹 페이지, Markdown, CSV, 텍스트, 그림, ZIP. 파일마다 {limit}까지.",
        "PDF, Word, PowerPoint, Excel, HWP and HWPX, OpenDocument, RTF, e-mail, web pages, Markdown, CSV, text, images, ZIP. Up to {limit} each.";
    readers: "볼 수 있는 그룹", "Groups that may read";
    readers_hint: "비워 두면 기본값({readers})입니다. 여러 개는 쉼표로 구분합니다.", "Left empty: {readers}. Separate several by commas.";
    may_not_upload: "문서를 올리거나 삭제할 권한이 없습니다.", "Your role does not allow adding or deleting documents.";
    uploading: "올리는 중 {percent}%", "Uploading {percent}%";
    upload_waiting: "차례를 기다리는 중", "Waiting its turn";
    upload_failed: "올리지 못함", "Not taken";
    unchanged: "이미 있는 파일입니다", "Already here, unchanged";
    dismiss: "닫기", "Dismiss";
    count: "문서 {count}건", "{count} documents";
    none_yet: "아직 문서가 없습니다. 파일을 올리면 바로 물어볼 수 있습니다.", "No documents yet. Add files and ask at once.";
    none_match: "맞는 문서가 없습니다.", "No document matches.";
    document: "문서", "Document";
    state: "상태", "State";
    size: "크기", "Size";
    changed: "바뀐 때", "Changed";
    actions: "작업", "Actions";
    queued: "기다리는 중", "Waiting";
    extracting: "글을 읽는 중", "Reading";
    chunking: "나누는 중", "Cutting";
    indexing: "색인하는 중", "Indexing";
    recognizing: "찾을 수 있음 · 그림 속 글자 읽는 중", "Found · reading pages that are pictures";
    embedding: "낱말로 찾을 수 있음 · 의미 색인 중", "Found by words · making vectors";
    ready: "준비됨", "Ready";
    ready_with_warnings: "준비됨 · 살펴볼 것 {count}건", "Ready · {count} to look at";
    failed: "읽지 못함", "Failed";
    cancelled: "취소됨", "Cancelled";
    deleting: "삭제 중", "Deleting";
    progress: "{done}/{total}", "{done}/{total}";
    seconds_left: "약 {count}초 남음", "about {count} s left";
    minutes_left: "약 {count}분 남음", "about {count} min left";
    in_force_between: "{from}부터 {until}까지 시행", "in force from {from} to {until}";
    in_force_from: "{from}부터 시행", "in force from {from}";
    in_force_until: "{until}까지 시행", "in force until {until}";
    superseded: "「{title}」이(가) 대신함", "superseded by “{title}”";
    retired: "{day}부터 검색하지 않음", "not searched from {day}";
    old_versions: "이전 버전 {count}개", "{count} old versions";
    problems: "살펴볼 것", "To look at";
    delete: "삭제", "Delete";
    delete_title: "문서를 삭제할까요?", "Delete the document?";
    delete_text: "「{title}」 문서를 삭제합니다. 되돌릴 수 없습니다.", "“{title}” will be deleted. This cannot be undone.";
    keep: "그대로 두기", "Keep";
    deleted: "「{title}」 문서를 삭제했습니다.", "“{title}” was deleted.";
    retry: "다시 읽기", "Try again";
    cancel: "취소", "Cancel";
    live_lost: "연결이 끊겨 다시 잇는 중입니다.", "Connection lost, trying again.";

    // Signing in.
    sign_in: "로그인", "Sign in";
    name: "이름", "Name";
    password: "비밀번호", "Password";
    forgotten: "비밀번호를 잊으셨다면 관리자에게 새 링크를 요청하세요.", "If you forgot your password, ask an administrator for a link.";
    sign_in_with: "{name} 계정으로 로그인", "Sign in with {name}";
    signed_in: "로그인했습니다", "You are signed in";
    go_on: "계속", "Continue";
    identities: "로그인 제공자에 연결된 계정", "Identities at sign-in providers";
    identities_hint: "여기에 연결된 로그인 제공자의 계정으로 로그인할 수 있습니다. 이름이나 이메일 주소가 같다는 것만으로는 연결되지 않습니다.", "The person may sign in with an identity that is linked here. The same name or e-mail address alone links nothing.";
    vouched_groups: "로그인 제공자에서 받은 그룹: {groups}", "Groups from the sign-in provider: {groups}";
    identity_seen: "마지막 로그인 {time}", "last signed in {time}";
    identity_unseen: "아직 로그인한 적 없음", "has not signed in yet";
    unlink: "연결 해제", "Unlink the identity";
    provider: "로그인 제공자", "Sign-in provider";
    subject: "로그인 제공자의 사용자 식별자 (sub)", "The provider’s id of the person (sub)";
    link_identity: "계정 연결", "Link the identity";
    sign_in_by_key: "키로 로그인", "Sign in with a key";
    key: "키", "Key";
    wrong_key: "키가 맞지 않습니다.", "The key is wrong.";
    not_set_up: "아직 사용자가 없습니다. `veracite serve`가 시작할 때 출력한 링크로 첫 관리자를 만들어 주세요.", "There are no people yet. Make the first administrator by the link that `veracite serve` printed when it started.";
    set_up: "첫 관리자 만들기", "Make the first administrator";
    set_up_text: "이 서버의 첫 관리자가 됩니다. 다른 사용자는 나중에 초대할 수 있습니다.", "You become the first administrator of this server. You can invite others afterwards.";
    choose_password: "비밀번호 설정", "Choose a password";
    choose_text: "{name} 계정의 비밀번호를 설정합니다. 이 링크는 한 번만 쓸 수 있습니다.", "Choose the password for {name}. This link works once.";
    password_again: "비밀번호 확인", "Password again";
    password_hint: "{count}자 이상. 문장처럼 긴 비밀번호가 좋으며, 특수 문자를 섞지 않아도 됩니다.", "At least {count} characters. A long phrase is best; no special characters are needed.";
    passwords_differ: "두 비밀번호가 서로 다릅니다.", "The two passwords differ.";
    name_hint: "글자, 숫자, -_.@+를 쓸 수 있고 공백은 쓸 수 없습니다.", "Letters, digits and -_.@+, without spaces.";
    display_name: "표시 이름", "Display name";

    // One's account.
    account: "내 계정", "My account";
    saved: "저장했습니다.", "Saved.";
    save: "저장", "Save";
    role: "역할", "Role";
    role_reader: "읽기", "Reader";
    role_editor: "문서 관리", "Editor";
    role_admin: "관리자", "Administrator";
    groups: "그룹", "Groups";
    everyone: "모든 사람", "Everyone";
    no_groups: "그룹 없음", "No groups";
    change_password: "비밀번호 변경", "Change password";
    change_password_hint: "변경하면 다른 기기에서는 모두 로그아웃됩니다.", "You will be signed out everywhere else.";
    present_password: "현재 비밀번호", "Current password";
    new_password: "새 비밀번호", "New password";
    api_keys: "API 키", "API keys";
    api_keys_hint: "프로그램이 {header} 헤더에 넣어 보내는 키입니다.", "Programs send a key in the header {header}.";
    no_keys: "키가 없습니다.", "There are no keys.";
    make_key: "키 만들기", "Make a key";
    key_name: "키의 용도", "What it is for";
    scope: "권한", "Scope";
    scope_read: "읽기", "Read";
    scope_write: "문서 관리", "Write";
    scope_admin: "관리", "Administer";
    key_days: "만료", "Expires";
    key_in_days: "{count}일 뒤", "in {count} days";
    key_never: "만료 없음", "never";
    key_until: "{time}까지", "until {time}";
    key_endless: "만료 없음", "no expiry";
    key_used: "마지막 사용 {time}", "last used {time}";
    key_unused: "사용한 적 없음", "never used";
    key_secret: "새 키입니다. 다시 볼 수 없으니 지금 복사해 두세요.", "This is the new key. It is shown only now: copy it.";
    revoke: "폐기", "Revoke";
    sessions: "로그인한 기기", "Where you are signed in";
    session_this: "지금 쓰는 브라우저", "this browser";
    session_times: "{started}에 로그인 · 마지막 사용 {seen}", "since {started} · last used {seen}";
    unknown_browser: "알 수 없는 프로그램", "Unknown program";
    end_session: "로그아웃", "End";
    sign_out_everywhere: "모든 기기에서 로그아웃", "Sign out everywhere";

    // Rights.
    rights: "권한", "Rights";
    find_only: "이 문서가 있다는 것만 알 수 있고, 본문을 볼 권한은 없습니다.", "You may see that this document is there, but not read it.";
    findable: "다음 문서에 답이 있을 수 있지만 본문을 볼 권한이 없습니다:", "These documents may hold the answer, but you may not read them:";

    // The people of an installation.
    people: "사용자", "People";
    people_count: "사용자 {count}명", "{count} people";
    invite: "초대", "Invite";
    invite_title: "새 사용자 초대", "Invite a person";
    groups_hint: "여러 개는 쉼표로 구분합니다. 그룹은 사용자를 넣으면 만들어집니다. 현재 그룹: {groups}", "Separate several by commas. A group is made by putting somebody in. There are now: {groups}";
    person_active: "사용 중", "Active";
    person_invited: "초대됨", "Invited";
    person_disabled: "사용 중지", "Disabled";
    account_since: "{time}에 만든 계정", "Account since {time}";
    disabled: "로그인 금지", "May not sign in";
    new_link: "비밀번호 설정 링크 만들기", "Make a link for a password";
    new_link_hint: "초대 링크나 비밀번호를 잃어버렸을 때 씁니다. 이전 링크는 쓸 수 없게 됩니다.", "For a lost invitation or a forgotten password. Earlier links stop working.";
    link_made: "이 링크를 본인에게만 전달해 주세요. 한 번만 쓸 수 있고 다시 볼 수 없습니다.", "Hand this link to that person only. It works once and is shown only now.";
    link_until: "{time}까지 쓸 수 있습니다.", "It works until {time}.";
    remove_person: "사용자 삭제", "Delete the person";
    remove_sure: "키도 함께 삭제합니다. 되돌릴 수 없습니다.", "Delete with all keys. This cannot be undone.";

    // The description of the API.
    docs: "API 설명", "API";
    docs_text: "이 서버의 모든 경로입니다. 같은 내용을 OpenAPI 문서로도 드립니다:", "Every route of this server. The same as an OpenAPI document:";
    docs_english: "경로마다의 요약은 한국어이고, 자세한 설명과 필드의 뜻은 OpenAPI 문서 그대로 영어입니다.", "Summaries are in your language; details are as in the OpenAPI document.";
    docs_key: "로그인이 필요한 서버에서는 요청마다 키를 보내 주세요: Authorization: Bearer 또는 x-api-key. 키는 계정 화면에서 만들거나 서버 설정에 적습니다. 로그인이 필요 없는 서버는 이 컴퓨터에서만 쓸 수 있고, 어떤 키를 보내도 됩니다.", "Where people sign in, every request needs a key: Authorization: Bearer, or x-api-key. Keys are made on the account page or stand in the configuration. A server where nobody signs in is for this machine alone and takes any key.";
    docs_clients: "OpenAI와 Anthropic의 클라이언트", "Clients of OpenAI and Anthropic";
    docs_clients_text: "그대로 쓸 수 있습니다. 마지막 질문에 답하고, 이전 질문은 이어지는 질문을 보완할 때만 읽습니다. 확인된 문장만 돌려주며, 인용과 판정은 모두 grounding에 있습니다.", "They work unchanged. The newest question is answered, earlier ones only complete a follow-up, only checked sentences are sent, and quotes and verdicts are all under grounding.";
    docs_question: "입사 1년 미만 직원의 연차는 며칠인가요?", "How much is the daily meal allowance on overseas trips?";
    docs_routes: "경로", "Routes";
    docs_others: "이 밖에: GET /healthz는 서버가 살아 있는지, GET /readyz는 질문에 답할 수 있는지 말하고, 둘 다 키가 필요 없습니다. GET /openapi.json은 이 설명의 원본입니다.", "Besides: GET /healthz says whether the server lives and GET /readyz whether it can answer, both without a key. GET /openapi.json is what this page is made from.";
    docs_answers: "질문과 답", "Questions and answers";
    docs_webhooks: "웹훅", "Webhooks";
    docs_compatible: "OpenAI와 Anthropic의 모양으로", "In the shapes of OpenAI and Anthropic";
    docs_parameters: "매개변수", "Parameters";
    docs_request: "요청 본문", "Request body";
    docs_replies: "응답", "Responses";
    docs_example: "예", "Example";
    docs_name: "이름", "Name";
    docs_place: "위치", "In";
    docs_type: "형", "Type";
    docs_meaning: "뜻", "Meaning";
    docs_required: "필수", "required";
    docs_list_of: "{type}의 목록", "list of {type}";
    docs_map_of: "이름마다 {type}", "{type} by name";
    docs_or_null: "{type} 또는 null", "{type} or null";
    docs_errors: "오류", "Errors";
    docs_errors_text: "어느 경로에서나 날 수 있는 오류입니다. 본문은 error 안에 code, message, field, limit, language를 담습니다. /v1/chat/completions와 /v1/models는 OpenAI의, /v1/messages는 Anthropic의 모양으로 같은 code를 담습니다.", "Any route may give these. The body holds code, message, field, limit and language in error. /v1/chat/completions and /v1/models write the same code in OpenAI's shape, /v1/messages in Anthropic's.";
    docs_status: "상태", "Status";
    docs_shapes: "본문의 모양", "Shapes of bodies";

    // Errors.
    error_title: "문제가 있습니다", "Something is wrong";
    to_start: "처음으로", "Back to start";

    // What people say of answers.
    feedback: "의견", "Feedback";
    feedback_answer: "이 답은 어떤가요?", "How is this answer?";
    feedback_sentence: "{number}번째 문장에 의견 남기기", "Feedback on sentence {number}";
    feedback_more: "의견 쓰기", "Say more";
    feedback_kind: "어떤 의견인가요?", "What is it?";
    feedback_right: "맞음", "Right";
    feedback_wrong: "틀림", "Wrong";
    feedback_wrong_source: "근거가 틀림", "Wrong source";
    feedback_outdated: "오래된 내용", "Outdated";
    feedback_missing: "빠진 내용 있음", "Something is missing";
    feedback_correction: "바르게 고친 문장 (선택)", "Corrected sentence (optional)";
    feedback_addition: "추가해야 할 내용 (선택)", "What is missing (optional)";
    feedback_note: "메모 (선택)", "Note (optional)";
    feedback_save: "의견 보내기", "Send feedback";
    feedback_take_back: "의견 취소", "Take back";
    feedback_saved: "의견을 저장했습니다. 감사합니다.", "Thank you. Your feedback is saved.";
    feedback_taken_back: "의견을 취소했습니다.", "Your feedback was taken back.";
    feedback_supported: "고친 문장은 문서로 확인되었습니다.", "The documents support your correction.";
    feedback_unsupported: "고친 문장이 문서로 확인되지 않아, 관리자가 검토할 때까지 학습에 쓰지 않습니다.", "The documents do not support your correction: it is not learnt from until an administrator looks at it.";
}

#[cfg(test)]
pub(in crate::web) mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The names in `text` that are filled in.
    pub(in crate::web) fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next())
            .collect()
    }

    #[test]
    fn both_languages_say_everything_with_the_same_placeholders() {
        for (name, ko, en) in PAIRS {
            assert!(!ko.trim().is_empty() && !en.trim().is_empty(), "{name}");
            assert_eq!(placeholders(ko), placeholders(en), "{name}");
        }
    }

    #[test]
    fn korean_words_are_korean() {
        for (name, ko, _) in PAIRS {
            if !matches!(*name, "product" | "other_language" | "progress") {
                assert!(ko.chars().any(crate::language::is_hangul), "{name}: {ko}");
            }
        }
    }
}
