//! The words of the documents page and the page of administrators, in both languages, beside those
//! of [`crate::web::words`].

use crate::web::words::two_languages;

two_languages! {
    /// Every word of these pages.
    pub(in crate::web) struct OfficeWords, pub(in crate::web) fn office_words;

    // Finding documents.
    find: "문서 검색", "Find documents";
    find_text: "제목이나 파일 이름", "Title or file name";
    apply: "검색", "Find";
    clear: "조건 초기화", "Clear";
    more_filters: "조건 더 보기", "More filters";
    any: "전체", "Any";
    working_on: "처리 중", "In progress";
    format: "형식", "Format";
    collection: "모음", "Collection";
    tag: "태그", "Tag";
    tags: "태그", "Tags";
    tags_hint: "여러 개는 쉼표로 구분합니다.", "Separate several by commas.";
    source: "가져온 곳", "Came from";
    uploads: "직접 올린 문서", "Uploads";
    only_problems: "확인이 필요한 문서", "With problems";
    only_duplicates: "내용이 같은 문서", "With the same content as another";
    only_out_of_force: "지금 시행되지 않는 문서", "Not in force today";
    sort_by: "{name} 순으로 정렬", "Sort by {name}";
    next_page: "다음 페이지", "Next page";
    first_page: "첫 페이지", "First page";
    list_changed: "문서가 추가되거나 삭제되었습니다.", "Documents were added or removed.";
    reload: "목록 새로 고치기", "Refresh the list";

    // Adding.
    choose_folder: "폴더 선택", "choose a folder";
    about_them: "이 파일들의 정보", "About these files";
    upload: "올리기", "Upload";
    from_day: "시행 시작일", "In force from";
    until_day: "시행 종료일", "In force until";
    upload_done: "올리기 결과", "What became of the files";

    // A document.
    about: "상세 정보", "Details";
    about_title: "「{title}」 상세 정보", "Details of “{title}”";
    read_it: "본문 보기", "Read it";
    rights: "볼 수 있는 사람", "Who may read it";
    versions: "버전", "Versions";
    version_received: "{time}에 받음", "received {time}";
    version_replaced: "{time}에 새 버전으로 바뀜", "replaced {time}";
    open_version: "이 버전 보기", "Open";
    same_content: "내용이 같은 문서", "Documents with the same content";
    in_it: "들어 있던 문서", "Came in";
    labels: "이 문서의 정보", "About this document";
    title: "제목", "Title";
    author: "작성자", "Author";
    re_read: "다시 읽기", "Read again";
    delete_sure: "되돌릴 수 없음을 확인하고 삭제합니다.", "Delete it; this cannot be undone.";
    no_problems: "확인이 필요한 것이 없습니다.", "There is nothing to look at.";
    back_to_list: "문서 목록", "All documents";
    done: "완료했습니다.", "Done.";

    // Many at once.
    selected: "선택한 문서", "Selected documents";
    select: "{title} 선택", "Select {title}";
    select_all: "이 페이지의 문서 모두 선택", "Select all on this page";
    selected_count: "{count}건 선택됨", "{count} selected";
    what_to_do: "작업", "What to do";
    set_collection: "모음 지정", "Set the collection";
    add_tags: "태그 추가", "Add tags";
    remove_tags: "태그 제거", "Remove tags";
    delete_them: "삭제", "Delete";
    value: "모음 또는 태그", "Collection or tags";
    value_hint: "모음을 비워 두면 문서를 모음에서 뺍니다.", "An empty collection takes them out of theirs.";
    do_it: "실행", "Do it";
    sure_many: "삭제하려면 되돌릴 수 없음을 확인해 주세요.", "Tick this to delete; it cannot be undone.";
    delete_many_text: "선택한 문서 {count}건을 삭제합니다. 되돌릴 수 없습니다.", "{count} documents will be deleted. This cannot be undone.";
    results: "결과", "Results";
    ok_count: "{count}건을 완료했습니다.", "{count} done.";
    failed_count: "{count}건은 처리하지 못했습니다.", "{count} could not be done.";

    // Sources.
    sources: "폴더, 웹 사이트, 버킷", "Folders, web sites and buckets";
    kind_folder: "폴더", "Folder";
    kind_web: "웹 사이트", "Web site";
    kind_bucket: "버킷", "Bucket";
    last_run: "마지막 동기화", "Last sync";
    next_run: "다음 동기화", "Next sync";
    running_now: "동기화 중", "Syncing now";
    never_run: "아직 동기화하지 않음", "Not synced yet";
    run_result: "추가 {taken} · 그대로 {unchanged} · 이동 {moved} · 삭제 {removed} · 실패 {failed}", "{taken} new · {unchanged} unchanged · {moved} moved · {removed} removed · {failed} failed";
    source_documents: "문서 {count}건", "{count} documents";
    source_failed: "읽지 못한 것 {count}건", "{count} could not be read";
    look_now: "지금 동기화", "Sync now";
    looks_soon: "곧 동기화합니다.", "It will be synced in a moment.";

    // The page of administrators.
    admin: "운영", "Operation";
    last_days: "최근 {count}일", "Last {count} days";
    range: "기간", "Period";
    questions: "질문", "Questions";
    questions_per_day: "일별 질문 수", "Questions per day";
    answered: "답변", "Answered";
    abstained: "문서에 없음", "Not in the documents";
    question_failed: "실패", "Failed";
    question_left: "응답 전에 떠남", "Asker left";
    question_busy: "서버가 바빠 거절", "Turned away";
    rates_per_day: "일별 근거율과 무응답률", "Support and abstention per day";
    support_rate: "근거율", "Support rate";
    support_rate_hint: "사실을 말하는 문장 가운데 문서로 뒷받침된 비율", "Of the sentences that claim something, those that the documents support";
    abstention_rate: "무응답률", "Abstention rate";
    abstention_rate_hint: "문서에 없어 답하지 않은 질문의 비율", "Questions that the documents do not answer";
    verdicts: "문장의 판정", "Verdicts";
    verdict: "판정", "Verdict";
    shown: "표시됨", "Shown";
    withheld_count: "숨김", "Withheld";
    stages: "단계별 소요 시간", "Time per stage";
    stage: "단계", "Stage";
    times_measured: "횟수", "Times";
    half: "중앙값", "Median";
    most: "95백분위", "95th percentile";
    slowest: "가장 느린 단계: {stage}", "Slowest stage: {stage}";
    stage_embed: "질문 임베딩", "Embedding the question";
    stage_retrieve: "검색", "Search";
    stage_pack: "구절 선택", "Choosing passages";
    stage_first_sentence: "첫 문장까지", "To the first sentence";
    stage_gate: "첫 문장 확인", "Check of the first sentence";
    stage_generate_and_check: "작성과 확인 전체", "Writing and checking";
    tokens: "언어 모델 토큰", "Tokens of the language model";
    tokens_read: "입력", "Read";
    tokens_known: "재사용", "Reused";
    tokens_written: "출력", "Written";
    unanswered: "답하지 못한 질문", "Unanswered questions";
    unanswered_times: "{count}회", "{count} times";
    unanswered_hash: "질문의 원문을 남기지 않도록 설정되어 있어 표시할 수 없습니다. 남기려면 설정에서 audit.questions를 text로 바꾸세요.", "The text of questions is not kept, so they cannot be shown. To keep it, set audit.questions to text.";
    unanswered_none: "답하지 못한 질문이 없습니다.", "There are none.";
    most_cited: "가장 많이 인용된 문서", "Most cited documents";
    never_cited: "한 번도 인용되지 않은 문서", "Documents never cited";
    never_cited_count: "검색되는 문서 가운데 {count}건", "{count} of those that are searched";
    cited_times: "답변 {count}개", "{count} answers";
    may_find: "볼 권한이 있는 문서만 보입니다.", "Only documents that you may read are shown.";
    nothing_yet: "이 기간에는 기록이 없습니다.", "Nothing in this period.";
    day: "날짜 (UTC)", "Day (UTC)";
    queue: "상태별 문서 수", "Documents by state";
    indexes: "색인", "Indexes";
    chunks: "구절", "Passages";
    without_vector: "벡터가 없는 구절", "Passages without a vector";
    disk: "디스크", "Disk";
    disk_free: "남은 공간", "Free";
    part_catalogue: "카탈로그와 감사 기록", "Catalogue and log";
    part_originals: "원본 파일", "Original files";
    part_index: "색인", "Indexes";
    part_models: "모델", "Models";
    part_other: "기타", "Other";
    software: "프로그램과 모델", "Program and models";
    version: "버전", "Version";
    schema: "카탈로그 버전", "Version of the catalogue";
    embedder: "임베딩 모델", "Embedding model";
    checker: "검증 모델", "Verifier";
    generator: "답을 쓰는 모델", "What writes answers";
    none: "없음", "None";
    warnings: "알려진 문제", "Warnings";
    warnings_none: "알려진 문제가 없습니다.", "There are none.";
    warnings_more: "`veracite doctor`는 파일과 색인도 대조합니다.", "`veracite doctor` compares files and indexes too.";
    backups: "백업", "Backups";
    backup_never: "백업한 적이 없습니다: `veracite backup`", "There was no backup yet: `veracite backup`";
    backup_last: "마지막 백업 {time}", "Last backup {time}";
    as_table: "표로 보기", "As a table";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::words::tests::placeholders;

    #[test]
    fn both_languages_say_everything_with_the_same_placeholders() {
        for (name, ko, en) in PAIRS {
            assert!(!en.trim().is_empty(), "{name}");
            assert!(ko.chars().any(crate::language::is_hangul), "{name}: {ko}");
            assert_eq!(placeholders(ko), placeholders(en), "{name}");
        }
    }
}
