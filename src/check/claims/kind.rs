//! Texts that claim nothing.
//!
//! What is not checked is shown as it is, so each kind is a closed form: its words are listed,
//! and it has no room for others. A text in other words is checked, and so is any with a
//! figure, a quote, a denial or a comparison that a listed form does not hold itself.

use std::sync::LazyLock;

use regex::Regex;

/// Characters of a sentence that claims nothing at most.
const LIMIT: usize = 160;
/// Words of a heading without `#` at most.
const HEADING: usize = 8;

/// What a text claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::check) enum Kind {
    /// A greeting, thanks, an offer of help, `Here is what I found:`, or nothing but marks.
    Greeting,
    /// A title, and not a sentence. That it is one says nothing of what it says: it claims
    /// nothing only where the passages have that very heading.
    Heading,
    /// That the one who answers is not sure, or whom to ask.
    Hedge,
    /// A question that states nothing.
    Question,
    /// Something that a document could support.
    Checkable,
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is fixed and tested")
}

/// A text that is one of `forms` as a whole. Their lines are joined.
fn closed(forms: &[&str]) -> Regex {
    let forms: String = forms
        .join("|")
        .lines()
        .map(str::trim_start)
        .collect::<String>()
        .replace("{SOURCE}", SOURCE)
        .replace("{ADDRESSEE}", ADDRESSEE)
        .replace("{MATTER}", MATTER);
    pattern(&format!("(?i)^(?:{forms})$"))
}

/// Whom to ask: departments that each company has, and nobody by name.
const ADDRESSEE: &str = "(?:(?:the |your |our )?(?:hr|human resources|it|legal|finance|payroll|accounting|security|compliance|support|helpdesk|help desk|general affairs|relevant|responsible|appropriate|manager|supervisor|team lead|team leader|administrator|system administrator|line manager|person in charge)(?: (?:team|department|office|desk|staff|manager|representative|contact))?(?: directly)?)";

/// What to ask about, without saying anything of it. Whom to ask in a matter that is named, and
/// whom to turn to at all, is a claim.
const MATTER: &str = "(?:(?:for|if you need|if you have|should you have|should you need|with)(?: any| the| more| some)?(?: further| other| additional| more| specific| exact)?(?: details?| information| clarification| questions?| confirmation)(?: (?:about|on|regarding) (?:this|it))?)";

const SOURCE: &str = "(?:(?:the|these|your) )?(?:provided |available |given |above )?(?:documents?|passages?|sources?|context|excerpts?|information)(?: provided| given| above)?";

/// `Yes.` and `Sure.` are none: they answer.
static GREETING: LazyLock<Regex> = LazyLock::new(|| {
    let english = "(?:hello|hi|hey|good (?:morning|afternoon|evening|day))(?: there| everyone| all)?
        |(?:thank you|thanks)(?: so much| very much| a lot)?(?: for (?:your question|asking|your patience|reaching out|the question))?
        |you(?:['’]re| are) welcome|great question|good question
        |(?:sure|certainly|of course|okay|ok), (?:i can help(?: you)?(?: with that)?|here (?:is|are) (?:the answer|what i found|the details))
        |i(?: am|['’]m) (?:happy|glad) to help(?: you)?(?: with (?:that|this))?
        |(?:based on|according to) {SOURCE}
        |(?:(?:based on|according to|from) {SOURCE},? )?here(?:['’]s| is| are) (?:what i found|what i know|what the (?:documents?|passages?|sources?) says?
            |(?:the|a|your|an|some) (?:(?:short|brief|quick|full|direct|key|main|relevant) )?(?:answer|summary|overview|list|details|steps|information|points|explanation|requirements|rules))
        |the following|as follows|in summary|in short|to summarize|to sum up
        |(?:(?:based on|according to) {SOURCE},? )?the (?:(?:key|main|relevant|detailed|exact) )?
            (?:answer|summary|details?|steps?|points?|requirements?|rules?|conditions?|procedure|process|reasons?|information)
            (?: is| are) (?:as follows|the following|listed below|below)
        |(?:i )?hope (?:this|that|it) (?:helps|was helpful|is helpful|answers your question)
        |(?:please )?(?:let me know|feel free to ask|just ask|do not hesitate to ask|don['’]t hesitate to ask)(?: me)?
            (?: if you (?:have|need|would like|want)(?: any| anything| some)?(?: further| other| more| else| additional)*
            (?: questions?| help| information| details| assistance| clarification)?)?(?: about (?:this|it))?
        |if you have (?:any )?(?:further |other |more |additional )?questions?,? (?:please )?(?:let me know|feel free to ask|just ask)
        |have a (?:nice|great|good) day|best regards|kind regards|regards|sincerely|goodbye|bye|welcome";
    let korean = "(?:안녕하세요|안녕하십니까|반갑습니다|감사합니다|고맙습니다|알겠습니다|수고하세요|좋은 하루 (?:되세요|보내세요)|천만에요|좋은 질문입니다)
            (?:,? (?:안녕하세요|감사합니다|답변드리겠습니다|답변드립니다|알려드리겠습니다|안내해 드리겠습니다))?
        |(?:질문|문의)(?:해|하여)? ?주셔서 감사합니다|질문에 (?:답변드리겠습니다|답변드립니다|답하겠습니다)
        |(?:아래와|다음과) 같이 (?:안내드립니다|안내해 드립니다|답변드립니다|정리했습니다|정리하였습니다|요약됩니다|정리됩니다|정리할 수 있습니다|요약할 수 있습니다)
        |(?:(?:제공된 |주어진 |위 )?(?:문서|자료|구절|내용|규정)(?:에 따르면|를 바탕으로|을 바탕으로|에 의하면|을 정리하면|를 정리하면),? ?)?
            (?:(?:그 |구체적인 |자세한 |세부 |주요 |관련 )?(?:내용|답변|답|절차|방법|기준|규정|사항|조건|항목|결과|요약|이유|단계|세부 사항|서류)[은는] )?
            (?:다음과|아래와) 같(?:습니다|다|아요)
        |(?:제공된 |주어진 |위 )?(?:문서|자료|구절|규정)(?:에 따르면|를 바탕으로|을 바탕으로|에 의하면)(?: 답변드리겠습니다| 답변드립니다| 안내해 드리겠습니다)?
        |(?:제 답변이 |이 답변이 |답변이 |이 정보가 )?(?:조금이나마 )?도움이 (?:되었기를|되셨기를|되길|되었길|되시길|되기를) (?:바랍니다|바라겠습니다|희망합니다)
        |(?:제 답변이 |이 답변이 |답변이 )?도움이 되(?:셨|었)으면 (?:좋겠습니다|합니다)
        |(?:더 |추가로 |다른 |혹시 )?(?:궁금한|필요한) (?:점|사항|것|내용)이 (?:더 )?(?:있으시면|있으면|생기면|생기시면) (?:언제든지 |언제든 |편하게 )?
            (?:말씀해 ?주세요|말씀해 주십시오|질문해 ?주세요|질문해 주십시오|물어봐 ?주세요|물어보세요|알려 ?주세요|문의해 ?주세요|문의해 주십시오|문의하세요)
        |요약하면(?: 다음과 같습니다)?|정리하면(?: 다음과 같습니다)?|결론적으로|이상입니다|끝";
    closed(&[english, korean])
});

static HEDGE: LazyLock<Regex> = LazyLock::new(|| {
    let english = "(?:unfortunately,? |sorry,? (?:but )?|please note(?: that)? |note that )?(?:
            i(?: am|['’]m) (?:not (?:entirely |completely |quite |fully |absolutely )?(?:sure|certain)|unsure|uncertain|sorry)(?: about (?:this|that|it)| of (?:this|that|it))?
            |(?:i|we) (?:do not|don['’]t|cannot|can['’]t|could not) (?:know|say|tell|confirm|be sure|verify|answer)
                (?: (?:this|that|it|for sure|with certainty|for certain|this for sure|this question|your question|the question))?
            |(?:i|this answer|my answer) (?:may|might|could) be (?:wrong|mistaken|incomplete|inaccurate|outdated|out of date)
            |(?:i|we) have no (?:further |more |other )?information(?: (?:about|on) (?:this|that|it))?
            |this is (?:only )?(?:general information|my best guess|not legal advice)(?: only)?
        )
        |(?:please |you (?:may want to|should|can|could|might want to) |it is (?:best|advisable|recommended) to |(?:i|we) (?:recommend|suggest) (?:that you )?)?
            (?:contact|ask|consult|check with|reach out to|speak to|speak with|talk to|contacting|asking|consulting|checking with|confirm with|verify with)
            (?: {ADDRESSEE})(?: {MATTER}| to be sure| to confirm)
        |{MATTER},? (?:please )?(?:contact|ask|consult|check with|reach out to|speak to|speak with|talk to) {ADDRESSEE}
        |(?:please )?(?:check|see|consult|refer to|review|verify) (?:the )?(?:original |full |source |official |relevant |latest )?
            (?:documents?|policy|text|sources?|regulations?|handbook)(?: {MATTER}| to be sure| to confirm)?";
    let korean = "(?:죄송하지만,? |죄송합니다만,? |다만,? |아쉽게도,? |안타깝게도,? )?(?:
            (?:이 |해당 )?(?:부분은 |내용은 |답변은 |점은 )?
                (?:확실하지 않습니다|확실하지 않다|확실치 않습니다|정확하지 않을 수 있습니다|부정확할 수 있습니다|틀릴 수 있습니다|틀렸을 수 있습니다|잘 모르겠습니다|모르겠습니다|단정할 수 없습니다|단정하기 어렵습니다|확답드리기 어렵습니다|불확실합니다)
            |(?:정확한 |확실한 )?(?:답변을 드리기|답변드리기|답하기|말씀드리기|안내하기) 어렵습니다
            |(?:추가 |추가적인 )확인이 필요(?:합니다|하다|해 보입니다|할 수 있습니다)
            |법률 자문이 아닙니다|일반적인 (?:안내|정보)입니다|참고용입니다|참고용으로만 (?:봐 주세요|사용하세요)
            |죄송합니다|유감입니다
        )
        |(?:(?:더 |보다 )?(?:자세한|정확한|구체적인|상세한|추가|추가적인|기타|세부) ?(?:내용|사항|정보|안내)(?:은|는|을|를|이 필요하면|이 필요하시면|이 필요한 경우)
            |(?:더 |추가로 )?궁금한 (?:점|사항|내용)(?:은|이 있으면|이 있으시면|이 있을 경우)),?(?: )
            (?:담당 ?|소속 |해당 |관련 )?(?:인사팀|인사부|인사부서|인사 담당자|총무팀|총무부|재무팀|재무부|회계팀|법무팀|법무부서|보안팀|전산팀|정보보호팀|준법감시팀|급여팀|급여 담당자|IT팀|IT 부서|고객센터|고객지원팀|헬프데스크|담당자|담당 부서|담당부서|부서|부서장|부서장님|팀장|팀장님|상사|관리자|시스템 관리자|원문|원본 문서|원문 문서|규정 원문|원본|사내 규정|해당 문서|문서 원본)
            (?:에|에게|께|로|으로|을|를)? ?(?:직접 |꼭 |먼저 )?
            (?:문의|확인|상의|상담|연락|참고|참조)(?:하시기 바랍니다|하기 바랍니다|해 ?주시기 바랍니다|바랍니다|해 ?주세요|하세요|하십시오|해 ?주십시오|하시면 됩니다|하는 것이 좋습니다|하시는 것이 좋습니다|해 보세요|해 보시기 바랍니다|드립니다)";
    closed(&[english, korean])
});

/// A question that asks, and nothing in it is given.
static QUESTION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:(?:is|are|do|does|did|can|could|may|must|shall|should|will|would|has|have|what|which|how (?:many|much|long|do|does|can|should)|who|when|where)\b.*|.*(?:까|까요|나요|가요|은지요|는지요|을지요|니까))$",
    )
});
/// What a question gives as known: a reason, a tag, what is said to be so.
static GIVEN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)[,;:–—]|\b(?:know|aware|remember|see|that|since|because|given|although|while|but|who|which|right|correct|believe|agree|realize)\b.+|왜|어째서|어떻게 그런|아시|알고|다는|라는|다고|라고|지만|는데|은데|인데|므로|면서|으며|으니|맞[죠지나는습]|잖|지요|죠$|때문",
    )
});
/// Figures, quotes, denials and comparisons are claims in any form that does not list them.
static STATES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?i)[\p{N}%$₩€¥"“”「」『』‘]|\b(?:not|no|never|cannot|nobody|none|neither|nor|without|more|less|fewer|most|least|only|all|every|always|than|higher|lower|unlimited|zero|half|double|twice|one|two|three|four|five|six|seven|eight|nine|ten|hundred|thousand|million)\b|n['’]t\b|없|않|아니|아닌|못하|못한|금지|불가|무제한|모든|모두|언제나|항상|절대|반드시|보다|이상|이하|초과|미만|가장|최대|최소|더 "#,
    )
});
static NUMBERING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:제\s*[0-9]+\s*(?:조|항|호|장|절|관|편)(?:의\s*[0-9]+)?|(?:article|section|chapter|clause|part|appendix|step)\s+[0-9]+(?:\.[0-9]+)*|§\s*[0-9]+(?:\.[0-9]+)*|[0-9]{1,2}(?:\.[0-9]{1,2})*[.)]?)(?:[.:)]|\s|$)\s*",
    )
});
/// What makes a title a sentence.
static PREDICATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:is|are|was|were|am|be|been|has|have|had|do|does|did|can|cannot|could|may|might|must|shall|should|will|would|gets?|gives?|takes?|requires?|includes?|applies|apply|receives?|pays|provides?|allows?|entitles?|covers|expires?)\b|(?:다|[^개수주]요|죠|까|음|함|됨|[^책위선해퇴신겸연]임|며|[^보신창사재해경공광]고|지만|는데|으나|가능|불가|금지)$",
    )
});

/// What kind of text it is. Of several sentences all must claim nothing; then the kind is that
/// of the first.
pub(in crate::check) fn kind(text: &str) -> Kind {
    let mut first = None;
    for span in ingest::sentence::split(text) {
        match of_sentence(&text[span]) {
            Kind::Checkable => return Kind::Checkable,
            kind => _ = first.get_or_insert(kind),
        }
    }
    first.unwrap_or(Kind::Greeting)
}

/// The title that a text is, without its marks: `## 연차`, `Annual leave:`, `**휴가**`.
pub(in crate::check) fn heading(text: &str) -> Option<&str> {
    let text = text.trim();
    let bare = text.trim_matches(|char: char| matches!(char, '*' | '_') || char.is_whitespace());
    let is_marked = bare.len() < text.len() && text.starts_with(['*', '_']);
    let title = if let Some(rest) = bare.strip_prefix('#') {
        rest.trim_start_matches('#')
    } else if let Some(title) = bare.strip_suffix([':', '：']) {
        title
    } else if is_marked {
        bare
    } else {
        return None;
    };
    let title = title
        .trim_matches(|char: char| matches!(char, '*' | '_' | '#') || char.is_whitespace())
        .trim_end_matches([':', '：']);
    (!title.is_empty()).then_some(title)
}

/// Whether a text, without the marks of a heading, is a title and says nothing.
pub(in crate::check) fn is_title(text: &str) -> bool {
    let named = NUMBERING.replace(text, "");
    named.split_whitespace().count() <= HEADING
        && !STATES.is_match(&named)
        && !PREDICATE.is_match(named.trim_end())
}

/// Bytes of the mark of a list that a text begins with, such as `- `, `2. ` or `(3) `, white space
/// included. It states nothing: read as a figure it would make every item of a list wrong. A date
/// such as `3. 1.` has no mark.
pub(in crate::check) fn mark(text: &str) -> usize {
    static MARK: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^\s*(?:[-*•·–]|\(\d{1,2}\)|\d{1,2}[.)]|\d{1,2}\\\.)\s+"));
    let end = MARK.find(text).map_or(0, |mark| mark.end());
    match text[end..].chars().next() {
        Some(char) if !char.is_ascii_digit() => end,
        // A list of figures has dashes; a figure after a number may be a date.
        Some(_) if text.trim_start().starts_with(['-', '*', '•', '·', '–']) => end,
        _ => 0,
    }
}

/// A text without the mark of a list before it.
pub(in crate::check) fn unmarked(text: &str) -> &str {
    static MARK: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^[\s\-*•·]*(?:\(?\d{1,2}[.)](?:\s+|$))?"));
    let mark = MARK.find(text).map_or(0, |mark| mark.end());
    text[mark..].trim()
}

/// A text without a word of the prompt before it, which a weak model copies.
pub(in crate::check) fn unlabelled(text: &str) -> &str {
    let text = text.trim();
    ["질문:", "답변:", "답:", "Question:", "Answer:"]
        .iter()
        .find_map(|label| text.strip_prefix(label))
        .map_or(text, str::trim_start)
}

/// Whether a text ends as `합니까` does. `되니까` gives a reason: what stands before it has no
/// final consonant `ㅂ`.
fn is_formal_question(text: &str) -> bool {
    const SYLLABLES: u32 = 0xAC00;
    const FINALS: u32 = 28;
    const FINAL_B: u32 = 17;
    text.strip_suffix("니까")
        .and_then(|before| before.chars().next_back())
        .and_then(|char| u32::from(char).checked_sub(SYLLABLES))
        .is_some_and(|syllable| syllable % FINALS == FINAL_B)
}

fn of_sentence(text: &str) -> Kind {
    let text = text.trim();
    if !text.chars().any(char::is_alphanumeric) {
        return Kind::Greeting;
    }
    if text.chars().nth(LIMIT).is_some() {
        return Kind::Checkable;
    }
    let is_list_mark = |char: char| matches!(char, '-' | '*' | '•' | '·' | '_' | '>');
    let said = text
        .trim_start_matches(|char: char| is_list_mark(char) || char.is_whitespace())
        .trim_end_matches(|char: char| {
            char.is_whitespace()
                || matches!(
                    char,
                    '.' | ',' | '!' | ':' | '…' | '。' | '！' | '：' | '~' | '*' | '_'
                )
        });
    let plain = said.split_whitespace().collect::<Vec<_>>().join(" ");
    if GREETING.is_match(&plain) {
        return Kind::Greeting;
    }
    if HEDGE.is_match(&plain) {
        return Kind::Hedge;
    }
    if let Some(title) = heading(text) {
        return if is_title(title) {
            Kind::Heading
        } else {
            Kind::Checkable
        };
    }
    let asked = plain.trim_end_matches(['?', '？']);
    let asks = asked.len() < plain.len()
        || is_formal_question(asked)
        || ["까요", "나요"]
            .iter()
            .any(|ending| plain.ends_with(ending));
    let gives_reason = asked.ends_with("니까") && !is_formal_question(asked);
    if asks
        && !gives_reason
        && QUESTION.is_match(asked)
        && !GIVEN.is_match(asked)
        && !STATES.is_match(asked)
    {
        return Kind::Question;
    }
    Kind::Checkable
}
