"""Seeded generator of (evidence, claim, label, wrong words) examples.

The texts are statements of invented company documents in Korean and English.
They train a small cross-encoder that judges whether a claim follows from its
evidence.  Everything is built from the relations in ``RELATIONS_TEXT``:
a relation has typed slots and templates, an example is one filling of them.

Template syntax
    {x}          the value of slot x
    {x=a|b}      slot x is an index; it picks one of the texts
    {m=stem}     slot m is a modality; it is put around the verb
    {L@v}        slot L is a limit (at least, at most, ...) around the value v
    {은} {이} ..  a Korean particle that fits the text before it
    <a^b>        either text (also inside an alternative: a^b)
    [text]       a detail that a claim may leave out
"""

from __future__ import annotations

import random
import re
from typing import Iterator

# ---------------------------------------------------------------- Korean

_LETTER_FINAL = {"l": 8, "m": 16, "n": 4, "r": 8}
_DIGIT_FINAL = {"0": 21, "1": 8, "2": 0, "3": 16, "4": 0, "5": 0, "6": 1, "7": 8, "8": 8, "9": 0}
_UNIT_FINAL = {"%": 0, "GB": 0, "MB": 0, "TB": 0, "kg": 16, "km": 0, "W": 0, "mm": 0, "°C": 0, "g": 16, "V": 0}


def final_sound(text: str) -> int:
    """Index of the final consonant of the text as it is read aloud (0: none, 8: ㄹ)."""
    text = text.rstrip()
    if text.startswith(("KRW", "₩")):
        return 4
    if re.search(r"\d{4}-\d\d-\d\d$|\d\. \d+\.$", text):
        return 8
    clock = re.search(r"\d\d:(\d\d)$", text)
    if clock:
        return 0 if clock.group(1) == "00" else 4
    for unit, sound in _UNIT_FINAL.items():
        if re.search(r"\d ?" + re.escape(unit) + "$", text):
            return sound
    text = re.sub(r"\s*\([^()]*\)$", "", text)
    for ch in reversed(text):
        if "가" <= ch <= "힣":
            return (ord(ch) - 0xAC00) % 28
        if ch in _DIGIT_FINAL:
            return _DIGIT_FINAL[ch]
        if ch.isascii() and ch.isalpha():
            return _LETTER_FINAL.get(ch.lower(), 0)
    return 0


_PARTICLES = {
    "은": ("은", "는"), "이": ("이", "가"), "을": ("을", "를"), "과": ("과", "와"),
    "으로": ("으로", "로"), "이나": ("이나", "나"), "이고": ("이고", "이고"), "이라": ("이라", "라"),
}


def particle(name: str, before: str) -> str:
    """The form of the particle that fits the text before it."""
    closed, open_ = _PARTICLES[name]
    sound = final_sound(before)
    if name == "으로" and sound == 8:
        return open_
    return closed if sound else open_


def _with_final(ch: str, final: int) -> str:
    code = ord(ch) - 0xAC00
    return chr(0xAC00 + code - code % 28 + final)


def ending(text: str, style: str) -> str:
    """Turn a plain sentence end (…다) into polite (…니다), noun (…함) or joining (…하며) form."""
    if style == "plain" or not text.endswith("다") or len(text) < 2:
        return text
    last = text[-2]
    if not "가" <= last <= "힣":
        return text
    final = (ord(last) - 0xAC00) % 28
    if text.endswith("는다"):
        return text[:-2] + {"polite": "습니다", "noun": "음", "join": "으며"}[style]
    if final in (0, 4):  # 이다, 한다
        head = text[:-2]
        return head + {"polite": _with_final(last, 17) + "니다", "noun": _with_final(last, 16),
                       "join": _with_final(last, 0) + "며"}[style]
    if final == 8:  # 길다
        head = text[:-2]
        return head + {"polite": _with_final(last, 17) + "니다", "noun": _with_final(last, 10),
                       "join": last + "며"}[style]
    return text[:-1] + {"polite": "습니다", "noun": "음", "join": "으며"}[style]


# ---------------------------------------------------------------- values

_SMALL = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_MONTHS = ("January February March April May June July August September October November December").split()
_NATIVE_DAYS = {2: "이틀", 3: "사흘", 4: "나흘", 5: "닷새", 10: "열흘"}
_NATIVE = {1: "한", 2: "두", 3: "세", 4: "네", 5: "다섯", 6: "여섯"}

# name: Korean, English singular, English plural, units that a wrong claim may use instead
UNITS = {
    "day": ("일", "day", "days", "month week bday hour"),
    "bday": ("영업일", "business day", "business days", "week month day"),
    "week": ("주", "week", "weeks", "day month"),
    "month": ("개월", "month", "months", "week year day"),
    "year": ("년", "year", "years", "month week"),
    "hour": ("시간", "hour", "hours", "minute day"),
    "minute": ("분", "minute", "minutes", "hour second"),
    "second": ("초", "second", "seconds", "minute"),
    "time": ("회", "time", "times", ""),
    "pct": ("%", "%", "%", ""),
    "point": ("점", "point", "points", "pct"),
    "person": ("명", "person", "people", ""),
    "char": ("자", "character", "characters", ""),
    "unit": ("대", "unit", "units", ""),
    "box": ("박스", "box", "boxes", ""),
    "item": ("건", "case", "cases", "pct"),
    "seat": ("석", "seat", "seats", ""),
    "GB": ("GB", "GB", "GB", "TB MB"),
    "TB": ("TB", "TB", "TB", "GB"),
    "MB": ("MB", "MB", "MB", "GB"),
    "kg": ("kg", "kg", "kg", "g"),
    "g": ("g", "g", "g", "kg"),
    "km": ("km", "km", "km", "m"),
    "m": ("m", "m", "m", "km"),
    "W": ("W", "W", "W", "kW"),
    "kW": ("kW", "kW", "kW", "W"),
    "mm": ("mm", "mm", "mm", "cm"),
    "cm": ("cm", "cm", "cm", "mm"),
    "C": ("°C", "°C", "°C", ""),
    "copy": ("부", "copy", "copies", ""),
    "place": ("곳", "site", "sites", ""),
}
_TIGHT_EN = {"pct", "C"}


def ko_money(n: int, rng: random.Random) -> str:
    """An amount in won in one of its Korean spellings."""
    roll = rng.random()
    if roll < 0.07:
        return f"KRW {n:,}"
    if roll < 0.5 or n % 1000:
        return f"{n:,}원"
    eok, rest = divmod(n, 100_000_000)
    man, rest = divmod(rest, 10_000)
    cheon = rest // 1000
    parts = []
    if eok:
        parts.append(f"{eok}억")
    if man:
        parts.append(f"{man:,}만" if man < 1000 or man % 1000 or rng.random() < 0.5 else f"{man // 1000}천만")
    if cheon:
        parts.append(f"{cheon}천")
    gap = " " if rng.random() < 0.7 else ""
    return gap.join(parts) + gap + "원"


def en_money(n: int, rng: random.Random) -> str:
    """An amount in won in one of its English spellings."""
    roll = rng.random()
    if n >= 1_000_000 and n % 100_000 == 0 and roll < 0.35:
        return f"KRW {n / 1_000_000:,.10g} million"
    if roll < 0.65:
        return f"KRW {n:,}"
    if roll < 0.92:
        return f"{n:,} won"
    return f"₩{n:,}"


def show(kind: str, value, lang: str, rng: random.Random) -> str:
    """One way to write the value."""
    if kind == "money":
        return ko_money(value, rng) if lang == "ko" else en_money(value, rng)
    if kind == "usd":
        if lang == "ko":
            return rng.choice([f"{value:,}달러", f"USD {value:,}", f"{value:,}달러"])
        return rng.choice([f"USD {value:,}", f"${value:,}", f"{value:,} dollars"])
    if kind == "n":
        n, unit = value
        ko, one, many, _ = UNITS[unit]
        if lang == "ko":
            roll = rng.random()
            if unit == "day" and n in _NATIVE_DAYS and roll < 0.06:
                return _NATIVE_DAYS[n]
            if unit == "day" and n == 7 and roll < 0.1:
                return "일주일"
            if unit == "month" and n in (1, 2, 3, 4) and roll < 0.12:
                return {1: "한 달", 2: "두 달", 3: "석 달", 4: "넉 달"}[n]
            if unit == "month" and n % 12 == 0 and roll < 0.15:
                return f"{n // 12}년"
            if unit == "hour" and n in _NATIVE and roll < 0.08:
                return f"{_NATIVE[n]} 시간"
            if unit == "minute" and n % 60 == 0 and roll < 0.3:
                return f"{n // 60}시간"
            if unit == "pct" and roll < 0.15:
                return f"{n}퍼센트"
            if unit == "time" and roll < 0.15 and n in _NATIVE:
                return f"{_NATIVE[n]} 번"
            if unit == "person" and n in _NATIVE and roll < 0.1:
                return f"{_NATIVE[n]} 명"
            gap = " " if unit in ("GB", "TB", "MB", "kg", "km", "mm", "W") and rng.random() < 0.4 else ""
            return f"{n:,}{gap}{ko}"
        if unit == "pct":
            return f"{n}%" if rng.random() < 0.7 else f"{n} percent"
        if unit == "C":
            return f"{n}°C"
        if unit == "time":
            return {1: "once", 2: "twice"}.get(n) or f"{_SMALL[n] if n < 11 else n} times"
        if unit == "month" and n % 12 == 0 and rng.random() < 0.15:
            n, one, many = n // 12, "year", "years"
        if unit == "minute" and n % 60 == 0 and rng.random() < 0.2:
            n, one, many = n // 60, "hour", "hours"
        word = _SMALL[n] if isinstance(n, int) and n < 11 and len(one) > 2 and rng.random() < 0.25 else f"{n:,}"
        return f"{word} {one if n == 1 else many}"
    if kind == "date":
        y, m, d = value
        if lang == "ko":
            return rng.choice([f"{y}년 {m}월 {d}일", f"{y}년 {m}월 {d}일", f"{y}-{m:02}-{d:02}", f"{y}. {m}. {d}."])
        name = _MONTHS[m - 1]
        return rng.choice([f"{name} {d}, {y}", f"{name} {d}, {y}", f"{d} {name} {y}", f"{y}-{m:02}-{d:02}"])
    if kind == "mday":  # day of a year
        m, d = value
        if lang == "ko":
            return f"{m}월 {d}일"
        return rng.choice([f"{_MONTHS[m - 1]} {d}", f"{d} {_MONTHS[m - 1]}"])
    if kind == "dom":  # day of the month
        if lang == "ko":
            return f"{value}일"
        return f"{value}" + ("th" if 10 < value < 20 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th"))
    if kind == "month":
        return f"{value}월" if lang == "ko" else _MONTHS[value - 1]
    if kind == "clock":
        h, mi = value
        half = h if h <= 12 else h - 12
        if lang == "ko":
            spoken = ("오전" if h < 12 else "오후") + f" {half}시" + (f" {mi}분" if mi else "")
            return rng.choice([f"{h:02}:{mi:02}", spoken, spoken, f"{h}시" + (f" {mi}분" if mi else "") if h > 12 else spoken])
        mark = rng.choice(["a.m.", "a.m.", "AM"]) if h < 12 else rng.choice(["p.m.", "p.m.", "PM"])
        return rng.choice([f"{h:02}:{mi:02}", f"{half}:{mi:02} {mark}" if mi else f"{half} {mark}"])
    if kind == "year":
        return f"{value}년" if lang == "ko" else str(value)
    if kind == "quarter":
        y, q = value
        if lang == "ko":
            return rng.choice([f"{y}년 {q}분기", f"{y}년 {q}분기", f"{y}년 {q}/4분기"])
        nth = ["first", "second", "third", "fourth"][q - 1]
        return rng.choice([f"Q{q} {y}", f"the {nth} quarter of {y}"])
    if kind == "ver":
        return ".".join(map(str, value)) if lang == "en" else rng.choice([".".join(map(str, value))] * 2)
    if kind == "int":
        return f"{value:,}"
    if isinstance(value, tuple):
        return value[0] if lang == "ko" else value[1]
    return str(value)


SURNAMES = "김=Kim 이=Lee 박=Park 최=Choi 정=Jung 강=Kang 조=Cho 윤=Yoon 장=Jang 임=Lim 한=Han 오=Oh 서=Seo 신=Shin 권=Kwon 황=Hwang 안=Ahn 송=Song 유=Yoo 홍=Hong 문=Moon 배=Bae 백=Baek 남=Nam"
GIVEN = "민수=Min-su 지영=Ji-young 현우=Hyun-woo 서연=Seo-yeon 도윤=Do-yun 하늘=Ha-neul 준호=Jun-ho 은지=Eun-ji 태민=Tae-min 수빈=Su-bin 영호=Young-ho 미란=Mi-ran 재석=Jae-seok 유진=Yu-jin 상철=Sang-cheol 나래=Na-rae 동현=Dong-hyun 혜원=Hye-won 성준=Sung-jun 보라=Bo-ra 기태=Ki-tae 소라=So-ra 진우=Jin-woo 가은=Ga-eun"
FOREIGN = ("안나 슈미트=Anna Schmidt;존 밀러=John Miller;마리아 가르시아=Maria Garcia;다나카 켄지=Kenji Tanaka;응우옌 반 남=Nguyen Van Nam;"
           "에밀리 클라크=Emily Clark;라지 파텔=Raj Patel;소피 마르탱=Sophie Martin;리 웨이=Li Wei;올가 페트로바=Olga Petrova;"
           "데이비드 콜린스=David Collins;사라 벤=Sarah Benn;토마스 뮐러=Thomas Müller;아흐메드 살레=Ahmed Saleh")
BRANDS = "노바=Nova 한빛=Hanbit 루멘=Lumen 테라=Terra 오르카=Orca 솔라=Solar 미라=Mira 아틀라스=Atlas 가온=Gaon 제니스=Zenith 벨라=Bella 코어=Core 누리=Nuri 델타=Delta 라온=Raon"
KINDS = "노트북=laptop 프린터=printer 정수기=water purifier;공기청정기=air purifier;모니터=monitor;펌프=pump;카메라=camera;스캐너=scanner;제습기=dehumidifier;로봇청소기=robot vacuum;태블릿=tablet;라우터=router;냉장고=refrigerator;압축기=compressor;센서=sensor;프로젝터=projector"


def _pairs(text: str) -> list[tuple[str, str]]:
    return [tuple(p.strip().split("=")) for p in text.split(";") if p.strip()]


_SURNAMES = _pairs(SURNAMES.replace(" ", ";"))
_GIVEN = _pairs(GIVEN.replace(" ", ";"))
_FOREIGN = _pairs(FOREIGN)
_BRANDS = _pairs(BRANDS.replace(" ", ";"))
_KINDS = _pairs(KINDS.replace("laptop ", "laptop;").replace("printer ", "printer;"))

# name: (header Korean, header English, values); the values of one list exclude each other
_LISTS_TEXT = """
grade|직급|Grade|임원=executives;부장=general managers;차장=deputy managers;과장=section managers;대리=assistant managers;사원=junior staff;인턴=interns
etype|고용 형태|Employment type|정규직 직원=regular employees;계약직 직원=contract employees;파트타임 직원=part-time employees;파견 직원=agency workers;인턴=interns;수습 직원=employees on probation
dept|부서|Department|영업팀=the Sales Team;재무팀=the Finance Team;인사팀=the HR Team;총무팀=the General Affairs Team;구매팀=the Purchasing Team;법무팀=the Legal Team;품질보증팀=the QA Team;생산1팀=Production Team 1;생산2팀=Production Team 2;연구소=the R&D Center;마케팅팀=the Marketing Team;물류팀=the Logistics Team;정보보안팀=the Information Security Team;고객지원팀=the Customer Support Team;디자인팀=the Design Team;해외사업부=the Overseas Business Division;기획실=the Planning Office;감사실=the Audit Office;전산팀=the IT Team;홍보팀=the PR Team;시설관리팀=the Facilities Team;데이터분석팀=the Data Analytics Team
city|지역|City|서울=Seoul;부산=Busan;대전=Daejeon;대구=Daegu;광주=Gwangju;인천=Incheon;울산=Ulsan;제주=Jeju;창원=Changwon;수원=Suwon;도쿄=Tokyo;하노이=Hanoi;싱가포르=Singapore;베를린=Berlin;런던=London;뉴욕=New York;상하이=Shanghai;뭄바이=Mumbai;시드니=Sydney;파리=Paris;토론토=Toronto;오사카=Osaka
site|사업장|Site|서울 본사=the Seoul head office;부산 공장=the Busan plant;대전 연구소=the Daejeon lab;인천 물류센터=the Incheon logistics center;창원 공장=the Changwon plant;하노이 법인=the Hanoi subsidiary;광주 지점=the Gwangju branch;제주 지점=the Jeju branch;베를린 사무소=the Berlin office;판교 캠퍼스=the Pangyo campus;울산 창고=the Ulsan warehouse;도쿄 지사=the Tokyo branch
vendor|거래처|Partner|대한물산=Daehan Trading;미래전자=Mirae Electronics;청솔건설=Cheongsol Construction;유니텍=Unitech;블루웨이브=Blue Wave;서광화학=Seokwang Chemical;노던로직스=Northern Logics;한마음푸드=Hanmaeum Food;그린텍=Greentech;에이스정밀=Ace Precision;동해운송=Donghae Transport;파인소프트=Pinesoft;오션케미칼=Ocean Chemical;세림인쇄=Serim Printing
system|시스템|System|전자결재 시스템=the e-approval system;인사 시스템=the HR system;메일 서버=the mail server;회계 시스템=the accounting system;재고 관리 시스템=the inventory system;고객 관리 시스템=the CRM system;그룹웨어=the groupware;파일 서버=the file server;생산 관리 시스템=the production control system;사내 포털=the company portal;VPN 게이트웨이=the VPN gateway;출입 통제 시스템=the access control system
approver|승인권자|Approver|팀장=the team leader;본부장=the division head;대표이사=the CEO;재무이사=the CFO;공장장=the plant manager;인사팀장=the HR manager;이사회=the board of directors;구매팀장=the purchasing manager;보안 책임자=the security officer
leave|휴가 종류|Leave type|연차 휴가=annual leave;병가=sick leave;배우자 출산 휴가=paternity leave;결혼 휴가=marriage leave;조의 휴가=bereavement leave;가족 돌봄 휴가=family care leave;안식 휴가=sabbatical leave;교육 휴가=study leave;예비군 훈련 휴가=reserve training leave;이사 휴가=moving leave
doc|문서|Document|출장 보고서=trip reports;지출 결의서=expense vouchers;품질 검사 성적서=quality inspection reports;계약서=contracts;세금계산서=tax invoices;회의록=meeting minutes;인사 기록 카드=personnel files;안전 점검표=safety checklists;급여 대장=payroll ledgers;견적서=quotations;출입 기록=access logs;CCTV 영상=CCTV recordings;상담 녹취=call recordings;교육 이수 기록=training records;납품 확인서=delivery receipts;면접 평가표=interview score sheets
course|교육 과정|Course|신입 사원 교육=the new-hire course;정보 보안 교육=the information security course;성희롱 예방 교육=the harassment prevention course;리더십 교육=the leadership course;지게차 안전 교육=the forklift safety course;개인정보 보호 교육=the privacy course;회계 기초 교육=the basic accounting course;응급 처치 교육=the first aid course;영업 협상 교육=the sales negotiation course;파이썬 입문 교육=the introductory Python course
item|물품|Item|노트북=laptops;업무용 휴대폰=company phones;모니터=monitors;법인 차량=company cars;빔 프로젝터=projectors;회의실 열쇠=meeting room keys;안전화=safety shoes;보안 토큰=security tokens;측정 장비=measuring devices;태블릿=tablets;드릴=power drills;무전기=two-way radios
class|보안 등급|Security class|극비 자료=top secret material;대외비 자료=confidential material;사내용 자료=internal material;공개 자료=public material
spend|지출 항목|Expense type|소모품 구매=purchases of supplies;장비 구매=equipment purchases;접대비=entertainment expenses;외주 용역=outsourced services;광고비=advertising costs;시설 공사=facility works;소프트웨어 구매=software purchases;교육비=training fees;해외 출장=overseas trips;차량 임차=vehicle rentals
goods|품목|Goods|전자 제품=electronics;의류=clothes;식품=food products;화장품=cosmetics;맞춤 제작품=made-to-order goods;도서=books;가구=furniture items;사무용품=office supplies;유아용품=baby products;스포츠 용품=sporting goods
severity|심각도|Severity|1등급 장애=severity 1 incidents;2등급 장애=severity 2 incidents;3등급 장애=severity 3 incidents;4등급 장애=severity 4 incidents
plan|요금제|Plan|베이직 요금제=the Basic plan;스탠다드 요금제=the Standard plan;프로 요금제=the Pro plan;엔터프라이즈 요금제=the Enterprise plan;스타터 요금제=the Starter plan;프리미엄 요금제=the Premium plan
contract|계약|Contract|유지 보수 계약=the maintenance contract;청소 용역 계약=the cleaning contract;사무실 임대차 계약=the office lease;경비 용역 계약=the guard service contract;복합기 임대 계약=the copier rental contract;구내식당 위탁 계약=the cafeteria contract;물류 위탁 계약=the logistics contract;광고 대행 계약=the advertising agency contract;클라우드 이용 계약=the cloud service contract;법률 자문 계약=the legal advisory contract
breach|위반 행위|Breach|납기 지연=late delivery;품질 불량=defective quality;비밀 유지 위반=breach of confidentiality;무단 하도급=unauthorized subcontracting;대금 연체=overdue payment;서류 누락=a lack of documents
event|경조사|Event|본인 결혼=an employee's own wedding;자녀 출생=the birth of a child;부모상=the death of a parent;배우자상=the death of a spouse;자녀 결혼=a child's wedding;부모 회갑=a parent's 60th birthday
cert|자격증|Certificate|정보처리기사=Engineer Information Processing;산업안전기사=Engineer Industrial Safety;전기기사=Engineer Electricity;공인회계사=Certified Public Accountant;PMP=PMP;세무사=Certified Tax Accountant;품질경영기사=Engineer Quality Management;위험물산업기사=Industrial Engineer Hazardous Materials
perk|복리후생|Benefit|자기 계발비=self-development allowance;통신비 지원=phone allowance;헬스장 이용료 지원=gym allowance;도서 구입비=book allowance;건강 검진비=check-up allowance;자녀 보육비=childcare allowance;휴가비=vacation allowance;동호회 지원금=club subsidy
ppe|보호구|Protective gear|안전모=a hard hat;보안경=safety goggles;귀마개=earplugs;방진 마스크=a dust mask;절연 장갑=insulated gloves;안전대=a safety harness;내화학 앞치마=a chemical apron
area|작업 구역|Work area|도장 구역=the painting area;용접 구역=the welding area;화학 물질 창고=the chemical store;고압 전기실=the high-voltage room;프레스 라인=the press line;지게차 통로=the forklift lane;고소 작업장=the elevated work area;시험실=the test room
room|장소|Place|대회의실=the main conference room;서버실=the server room;연구동=the research building;휴게실=the break room;문서고=the archive;생산 라인=the production line;옥상 정원=the roof garden;체력 단련실=the fitness room;강당=the auditorium;주차 타워=the parking tower
project|과제|Project|물류 자동화 사업=the logistics automation project;홈페이지 개편=the website renewal;신공장 건설=the new plant construction;ERP 교체=the ERP replacement;해외 진출 사업=the overseas expansion;데이터 표준화 사업=the data standardization project;친환경 포장 도입=the eco-packaging rollout;콜센터 통합=the call center merger;사옥 이전=the office relocation;챗봇 구축=the chatbot project
finding|지적 사항|Finding|법인 카드 사적 사용=private use of corporate cards;재고 실사 차이=stock count differences;퇴직자 계정 미삭제=accounts of leavers left open;계약서 날인 누락=missing contract seals;소화기 유효 기간 경과=expired fire extinguishers;권한 검토 미실시=skipped access reviews;이중 지급=duplicate payments;백업 점검 누락=missed backup checks
insur|보험|Insurance|단체 상해 보험=the group accident insurance;화재 보험=the fire insurance;배상 책임 보험=the liability insurance;해외 여행자 보험=the overseas travel insurance;차량 종합 보험=the comprehensive car insurance;임원 배상 책임 보험=the directors' liability insurance
meal|식사|Meal|조식=breakfast;중식=lunch;석식=dinner;야식=the late-night meal
line|노선|Route|1호 통근 버스=shuttle bus 1;2호 통근 버스=shuttle bus 2;3호 통근 버스=shuttle bus 3;야간 통근 버스=the night shuttle;공항 셔틀=the airport shuttle
channel|접수 창구|Channel|전화 상담=phone support;이메일 문의=email support;채팅 상담=chat support;방문 상담=walk-in support;원격 지원=remote support
weekday|요일|Day|월요일=Monday;화요일=Tuesday;수요일=Wednesday;목요일=Thursday;금요일=Friday
ship|배송 방식|Shipping method|일반 배송=standard shipping;특급 배송=express shipping;국제 배송=international shipping;새벽 배송=overnight shipping;도서 산간 배송=island delivery;설치 배송=delivery with installation
shift|근무조|Shift|주간조=the day shift;야간조=the night shift;오전조=the morning shift;오후조=the afternoon shift;주말조=the weekend shift
color|색상|Color|검정=black;흰색=white;은색=silver;파란색=blue;빨간색=red;회색=gray
level|평가 등급|Rating|S등급=grade S;A등급=grade A;B등급=grade B;C등급=grade C;D등급=grade D
ground|사유|Reason|단순 변심=change of mind;제품 하자=a product defect;오배송=wrong delivery;배송 중 파손=damage in transit;주문 실수=an ordering mistake;제조사 리콜=a manufacturer recall
unitform|양식|Form|휴가 신청서=the leave request form;출장 신청서=the travel request form;반출 신청서=the removal request form;방문 신청서=the visit request form;구매 요청서=the purchase request form;교육 신청서=the training request form;초과 근무 신청서=the overtime request form;계정 신청서=the account request form
school|대상|Recipients|고등학생 자녀=children in high school;대학생 자녀=children in college;중학생 자녀=children in middle school;대학원 재학 직원=employees in graduate school;유치원생 자녀=children in kindergarten
exam|검사|Test|혈액 검사=a blood test;청력 검사=a hearing test;흉부 X선 검사=a chest X-ray;시력 검사=an eye test;폐 기능 검사=a lung function test;위내시경=a gastroscopy
storage|보관 장소|Storage place|잠금 캐비닛=a locked cabinet;문서고=the archive;암호화된 서버=an encrypted server;사내 클라우드=the company cloud;외부 창고=an external warehouse;금고=a safe
product2|소프트웨어|Software|오피스 스위트=Office Suite;캐드프로=CadPro;데이터뷰=DataView;시큐어메일=SecureMail;플로우맵=FlowMap;픽스에디터=PixEditor;코드리뷰어=CodeReviewer;북키퍼=BookKeeper
medium|매체|Medium|테이프=tape;외장 디스크=external disks;클라우드 저장소=cloud storage;NAS=NAS;별도 데이터센터=a second data center
"""
LISTS: dict[str, list[tuple[str, str]]] = {}
HEADS = {
    "product": ("제품", "Product"), "person": ("성명", "Name"), "year": ("연도", "Year"),
    "quarter": ("분기", "Quarter"), "money": ("금액", "Amount"), "month": ("월", "Month"), "ver": ("버전", "Version"),
}
for _line in _LISTS_TEXT.strip().splitlines():
    _n, _ko, _en, _vals = _line.split("|")
    LISTS[_n] = _pairs(_vals)
    HEADS[_n] = (_ko, _en)


def draw(kind: str, args: list[str], rng: random.Random):
    """A value of the kind."""
    if kind in LISTS:
        return rng.choice(LISTS[kind])
    if kind in ("money", "usd", "int"):
        lo, hi, step = map(int, args)
        return rng.randrange(lo, hi + 1, step)
    if kind == "n":
        lo, hi, step = map(int, args[:3])
        return (rng.randrange(lo, hi + 1, step), args[3])
    if kind == "person":
        if rng.random() < 0.15:
            return rng.choice(_FOREIGN)
        s, g = rng.choice(_SURNAMES), rng.choice(_GIVEN)
        return (s[0] + g[0], f"{s[1]} {g[1]}")
    if kind == "product":
        b, k = rng.choice(_BRANDS), rng.choice(_KINDS)
        model = rng.choice("ABCHKPRSTXZ") + rng.choice(["-", ""]) + str(rng.choice([rng.randrange(10, 100) * 10, rng.randrange(1, 10), rng.randrange(100, 999)]))
        return (f"{b[0]} {k[0]} {model}", f"the {b[1]} {model} {k[1]}")
    if kind == "date":
        return (rng.randrange(2021, 2028), rng.randrange(1, 13), rng.randrange(1, 29))
    if kind == "mday":
        return (rng.randrange(1, 13), rng.randrange(1, 29))
    if kind == "dom":
        return rng.randrange(1, 29)
    if kind == "month":
        return rng.randrange(1, 13)
    if kind == "clock":
        lo, hi = map(int, args)
        return (rng.randrange(lo, hi + 1), rng.choice([0, 0, 30, rng.choice([10, 20, 40, 50])]))
    if kind == "year":
        return rng.randrange(2019, 2028)
    if kind == "quarter":
        return (rng.randrange(2020, 2027), rng.randrange(1, 5))
    if kind == "ver":
        return (rng.randrange(1, 13), rng.randrange(0, 10)) + ((rng.randrange(0, 10),) if rng.random() < 0.4 else ())
    if kind == "alt":
        return rng.randrange(int(args[0]))
    if kind in ("mod", "lim"):
        return rng.choice(args)
    if kind == "pick":
        return rng.choice(args[0].split(";"))
    raise ValueError(f"unknown slot kind {kind}")


def near(kind: str, args: list[str], value, rng: random.Random):
    """Another value of the kind, often close to the one given."""
    if kind in ("money", "usd") and rng.random() < 0.25:
        other = rng.choice([value * 10, value // 10 if value >= 100000 else value * 2, value * 2])
        return other
    if kind == "n" and rng.random() < 0.35:
        n, unit = value
        step = int(args[2])
        other = n + rng.choice([-2, -1, 1, 2]) * step
        if other > 0 and not (unit == "pct" and other > 100):
            return (other, unit)
    if kind == "date" and rng.random() < 0.6:
        y, m, d = value
        which = rng.randrange(3)
        return (y + rng.choice([-1, 1]) if which == 0 else y, rng.randrange(1, 13) if which == 1 else m,
                rng.randrange(1, 29) if which == 2 else d)
    if kind == "quarter" and rng.random() < 0.6:
        y, q = value
        return (y, rng.randrange(1, 5)) if rng.random() < 0.5 else (y + rng.choice([-1, 1]), q)
    if kind == "product" and rng.random() < 0.4:
        fresh = draw(kind, args, rng)
        model = fresh[0].split()[-1]
        old = value[0].split()[-1]
        return (value[0].replace(old, model), value[1].replace(old, model))
    return draw(kind, args, rng)


MODAL_KO = {
    "must": ["하여야 한다", "해야 한다", "해야 한다"],
    "may": ["할 수 있다"],
    "not": ["하여서는 아니 된다", "해서는 안 된다", "할 수 없다"],
    "need": ["하지 않아도 된다", "할 필요는 없다"],
    "rec": ["하도록 권장한다", "하도록 권고한다", "하는 것이 좋다"],
}
MODAL_EN = {
    "must": ["shall", "must", "have to"], "may": ["may", "can"], "not": ["must not", "shall not", "may not", "cannot"],
    "need": ["need not", "do not have to"], "rec": ["are advised to", "are encouraged to", "are recommended to"],
}
LIMIT_KO = {"ge": ["{} 이상"], "le": ["{} 이하"], "gt": ["{} 초과"], "lt": ["{} 미만"],
            "min": ["최소 {}", "{} 이상", "적어도 {}"], "max": ["최대 {}", "{} 이하"], "upto": ["최대 {}"], "atleast": ["최소 {}"]}
LIMIT_EN = {"ge": ["{} or more", "at least {}"], "le": ["{} or less", "at most {}", "no more than {}"],
            "gt": ["more than {}", "over {}"], "lt": ["less than {}", "under {}"],
            "min": ["at least {}", "a minimum of {}", "no less than {}"], "max": ["at most {}", "up to {}", "a maximum of {}", "no more than {}"],
            "upto": ["at most {}", "up to {}", "a maximum of {}"], "atleast": ["at least {}", "a minimum of {}"]}

# Each relation: "@ group name | slots", T topic ko ~ en, V value expression ko ~ en,
# P the English preposition before the key, K Korean templates, E English templates.
RELATIONS_TEXT = r"""
@ trip lodging | k:grade d:alt(2,antonym)~ v:money(50000,300000,10000)
T {d=국내|해외} 출장 1박당 숙박비 한도 ~ nightly lodging limit on {d=domestic|overseas} trips
K {d=국내|해외} 출장 시 {k}에게는 1박당 {v}까지 숙박비를 지급한다.
E {k} may claim up to {v} per night for lodging on {d=domestic|overseas} trips.
@ trip perdiem | k:grade d:alt(2,antonym)~ v:money(20000,120000,5000)
T {d=국내|해외} 출장 일비 ~ daily allowance for {d=domestic|overseas} travel
K {k}{이} {d=국내로|해외로} 출장을 가는 경우 하루 {v}의 일비를 지급한다.
K {d=국내|해외} 출장 중인 {k}에게는 일비로 1일 {v}{을} 지급한다.
E {k} traveling {d=within the country|abroad} <are paid^receive> a daily allowance of {v}.
@ trip transport | k:grade c:alt(3,entity)~ m:mod(may,not)
K {k}{은} 출장 시 {c=비즈니스석^비즈니스 클래스|이코노미석|KTX 특실}{을} {m=이용하}.
K 출장 시 {k}{이} {c=비즈니스석|이코노미석|KTX 특실}{을} {m=이용하}.
E {k} {m=use} {c=business class|economy class|first-class KTX seats} on business trips.
E On business trips, {k} {m=travel in} {c=business class|economy class|first-class KTX seats}.
@ trip settle | k:grade v:n(3,21,1,day) c:alt(2,negation) w:alt(2,limit)
K {k}{은} 출장 종료 후 {v} {w=이내에|이후에} 영수증을 {c=첨부하여|첨부하지 않고} 정산을 신청한다.
K 출장비 정산은 {k}의 경우 복귀 후 {v} {w=이내에|이후에} 영수증을 {c=첨부하여|첨부하지 않고} 신청한다.
E {k} apply for settlement {w=within|no earlier than} {v} {w=of|after} the end of the trip, {c=with|without} receipts attached.
E After a trip, {k} file for settlement {c=with|without} receipts, {w=within|no earlier than} {v} {w=of|after} returning.
@ trip mileage | k:alt(3,entity) v:money(100,900,50) q:alt(2,quantifier)
K 자가용 출장 유류비는 {k=휘발유차^휘발유 차량|경유차^경유 차량|전기차}의 경우 1km당 {v}이며 {q=통행료를 포함한다|통행료를 제외한다}.
K 개인 {k=휘발유차|경유차|전기차}로 출장을 가면 1km당 {v}{을} 지급하며 통행료는 {q=포함된다|제외된다^포함되지 않는다}.
E The mileage rate for private {k=gasoline cars|diesel cars|electric cars} is {v} per km, tolls {q=included|excluded^not included}.
E Employees driving their own {k=gasoline cars|diesel cars|electric cars} are paid {v} per kilometer, {q=including tolls|excluding tolls}.
@ trip place | k:person c:city d:date v:n(2,14,1,day)
K {k}{은} {d}부터 {v}간 {c}{으로} 출장을 간다.
K {k} 씨는 {d}에 {c} 출장을 떠나며 기간은 {v}이다.
E {k} travels to {c} for {v} starting on {d}.
E Starting {d}, {k} is on a {c} business trip for {v}.
@ leave days | k:leave L:lim(upto,atleast) v:n(1,30,1,day)
T 부여 일수 ~ entitlement
V {L@v} ~ {L@v}
K 회사는 {k}{을} {L@v} 부여한다.
E Employees are given {L@v} of {k}.
@ leave paid | k:leave p:alt(2,antonym) a:etype~
K {a}에게 {k}{은} {p=유급으로|무급으로} 부여한다.
K {a}의 {k}{은} {p=유급이다|무급이다}.
E {k} is {p=paid|unpaid} for {a}.
E For {a}, {k} is granted {p=with pay|without pay}.
@ leave apply | k:leave v:n(1,30,1,day) w:alt(2,limit) a:approver
K {k}{은} 사용 {v} {w=전까지|후까지} {a}에게 신청한다.
K {k}{을} 쓰려는 직원은 사용일 {v} {w=전까지|후까지} {a}의 승인을 신청한다.
E {k} is requested from {a} no later than {v} {w=before|after} it is taken.
E Requests for {k} go to {a} by {v} {w=before|after} the leave.
@ leave doc | k:leave m:mod(must,need,rec) x:alt(4,entity)~
K {k}{을} 신청하는 직원은 {x=진단서|가족 관계 증명서|청첩장 사본|소집 통지서}{을} {m=제출하}.
K {k} 신청 시 {x=진단서|가족 관계 증명서|청첩장 사본|소집 통지서}{을} {m=첨부하}.
E Employees who apply for {k} {m+=submit} {x=a medical certificate|a family relation certificate|a copy of the wedding invitation|the call-up notice}.
E When applying for {k}, employees {m+=attach} {x=a medical certificate|a family relation certificate|a copy of the wedding invitation|the call-up notice}.
@ leave carry | k:etype y:alt(2,quantifier) d:month
K {k}{은} 남은 연차의 {y=전부를|절반만} 다음 해 {d} 말까지 이월할 수 있다.
E {k} may carry over {y=all|only half} of their remaining annual leave until the end of {d} of the next year.
@ overtime rate | k:alt(4,entity) v:n(110,300,10,pct)
K {k=평일 야간 근무|휴일 근무|평일 연장 근무|명절 당일 근무}에는 통상 임금의 {v}{을} 지급한다.
K {k=평일 야간 근무|휴일 근무|평일 연장 근무|명절 당일 근무} 수당은 통상 임금의 {v}이다.
E {k=Weekday night work|Holiday work|Weekday overtime|Work on a national holiday} is paid at {v} of the ordinary wage.
E The pay for {k=weekday night work|holiday work|weekday overtime|work on a national holiday} is {v} of the ordinary wage.
@ overtime cap | k:etype v:n(4,52,1,hour) p:alt(2,unit)
T {p=월간|주간} 초과 근무 한도 ~ {p=monthly|weekly} overtime limit
V {v} ~ {v}
K {k}{은} {p=한 달에|일주일에} {v}까지만 초과 근무를 할 수 있다.
E {k} may work no more than {v} of overtime per {p=month|week}.
@ overtime approve | k:dept a:approver w:alt(3,condition)
K {k}의 초과 근무는 {a}의 {w=사전 승인을 받은 경우에만 인정한다|사후 승인만으로도 인정한다|승인이 없어도 인정한다}.
K {k} 직원의 초과 근무는 {a}의 {w=사전 승인이 있어야 인정된다|사후 승인으로도 인정된다|승인 없이도 인정된다}.
E Overtime in {k} counts {w=only with prior approval from|even with later approval from|even without approval from} {a}.
E For {k}, overtime is recognized {w=only if approved in advance by|even if approved afterwards by|even if not approved by} {a}.
@ overtime meal | k:shift v:money(5000,20000,500)
T 연장 근무 식대 ~ overtime meal allowance
K {k}{이} 연장 근무를 하면 식대 {v}{을} 지급한다.
E When {k} works overtime, a meal allowance of {v} is paid per person.
@ approval limit | k:spend a:approver L:lim(ge,le,gt,lt) v:money(500000,50000000,500000)
K {k} 금액이 {L@v}인 경우 {a}의 승인을 받는다.
K {a}{은} {L@v}인 {k} 건을 승인한다.
E {k} of {L@v} are approved by {a}.
E {a} approves {k} of {L@v}.
@ approval ceiling | k:approver v:money(1000000,90000000,1000000) x:spend~
T {x} 전결 한도 ~ approval limit on {x}
K {k}{은} {x}에 대해 건당 {v}까지 전결할 수 있다.
E {k} may approve up to {v} per case for {x}.
P of
@ approval deputy | k:approver v:n(1,15,1,day) p:person
K {k} 부재 시 {p}{이} {v}까지 결재를 대행한다.
K {k}의 결재 대행자는 {p}이며 대행 기간은 최대 {v}이다.
E In the absence of {k}, {p} approves on their behalf for up to {v}.
E The deputy of {k} is {p}, for a period of up to {v}.
@ approval form | k:unitform x:system a:approver
K {k}{은} {x}에서 작성하여 {a}에게 제출한다.
K {x}에 등록한 {k}{은} {a}{이} 검토한다.
E {k} is filled in on {x} and submitted to {a}.
E {a} reviews {k} entered in {x}.
@ purchase quotes | k:spend v:n(2,6,1,copy) L:lim(min,upto) a:money(1000000,30000000,1000000) m:mod(must,rec)
K {a} 이상의 {k}에는 {L@v}의 비교 견적을 {m=첨부하}.
K {k} 금액이 {a} 이상이면 담당자는 비교 견적 {L@v}{을} {m=제출하}.
E For {k} of {a} or more, the requester {m=attach} {L@v} of competing quotations.
@ purchase vendor | k:item x:vendor y:year~
K {y}에 {k}{은} {x}에서 구매한다.
K {y}도 {k} 공급사는 {x}이다.
E In {y}, {k} are bought from {x}.
E {x} is the supplier of {k} for {y}.
@ purchase order | k:vendor x:product~ v:n(5,500,5,unit) d:date
K {k}에 {x} {v}{을} 발주하였으며 납기는 {d}이다.
K {k}{은} {x} {v}{을} {d}까지 납품한다.
E {k} is to deliver {v} of {x} by {d}.
E We ordered {v} of {x} from {k}, to be delivered by {d}.
@ purchase inspect | k:goods a:dept v:n(1,14,1,bday) w:alt(2,limit)
K {a}{은} {k}{을} 입고 {v} {w=이내에|이후에} 검수한다.
K 입고된 {k}{은} {a}{이} {v} {w=이내에|이후에} 검수한다.
E {a} inspects {k} {w=within|no earlier than} {v} {w=of|after} receipt.
E Once received, {k} are inspected by {a} {w=within|no earlier than} {v} {w=of|after} arrival.
@ payment term | k:vendor v:n(10,120,5,day) w:alt(2,condition)
T 대금 지급 기한 ~ payment term
V {w=검수|세금계산서 발행} 후 {v} ~ {v} after {w=inspection|the tax invoice}
K {k}에 대한 대금은 {w=검수|세금계산서 발행} 후 {v} 이내에 지급한다.
E Payments to {k} are made within {v} after {w=inspection|the tax invoice}.
@ payment late | k:contract v:n(1,20,1,pct) p:alt(2,unit)
T 대금 연체 이자율 ~ late payment interest rate
V {p=연|월} {v} ~ {v} per {p=year|month}
K {k}의 대금을 연체하면 {p=연|월} {v}의 이자를 부과한다.
E Late payments under {k} bear interest of {v} per {p=year|month}.
@ payment split | k:contract a:n(10,40,5,pct) v:n(45,60,5,pct)
K {k}의 선급금은 계약 금액의 {a}, 중도금은 {v}이다.
K {k}에 따라 선급금으로 {a}{을}, 중도금으로 {v}{을} 지급한다.
E Under {k}, the advance is {a} and the interim payment is {v} of the contract price.
E {k} provides for an advance of {a} and an interim payment of {v}.
@ payment day | k:vendor v:dom
T 대금 지급일 ~ payment date
V 매월 {v} ~ the {v} of each month
K {k}에는 매월 {v}에 대금을 지급한다.
E {k} is paid on the {v} of each month.
@ warranty period | k:product v:n(6,60,6,month) w:alt(2,condition)
T 무상 보증 기간 ~ free warranty period
V {w=구입일|설치일}부터 {v} ~ {v} from the date of {w=purchase|installation}
K {k}{은} {w=구입일|설치일}부터 {v} 동안 무상으로 보증한다.
K {k}의 무상 수리는 {w=구입|설치} 후 {v}까지 가능하다.
E {k} is covered by a free warranty for {v} from {w=purchase|installation}.
@ warranty cover | k:product c:alt(4,entity)~ n:alt(2,negation)
K {k}의 보증에는 {c=배터리|소비자 과실로 인한 파손|출장 수리비|소모품 교체}{이} {n=포함된다|포함되지 않는다^제외된다}.
K {k}{은} {c=배터리|소비자 과실로 인한 파손|출장 수리비|소모품 교체}{을} {n=보증한다|보증하지 않는다}.
E The warranty of {k} {n=covers^includes|does not cover^excludes} {c=the battery|damage caused by the customer|on-site repair fees|replacement of consumables}.
E {c=The battery|Damage caused by the customer|On-site repair|Consumables replacement} is {n=covered|not covered} by the warranty of {k}.
@ warranty repair | k:product v:n(2,30,1,bday)
T 평균 수리 기간 ~ average repair time
K {k}{을} 수리하는 데 평균 {v}{이} 걸린다.
E Repairs of {k} take {v} on average.
P of
@ warranty parts | k:product v:n(2,12,1,year) w:alt(2,condition)
T 부품 보유 기간 ~ spare parts availability period
K 회사는 {k}의 부품을 {w=단종|판매} 후 {v}간 보유한다.
E Spare parts for {k} are kept for {v} after {w=discontinuation|sale}.
V {w=단종|판매} 후 {v} ~ {v} after {w=discontinuation|sale}
@ security class | k:class x:storage m:mod(must,rec)
K {k}{은} {x}에 {m=보관하}.
K 직원은 {k}{을} {x}에 {m=보관하}.
E Employees {m+=keep} {k} in {x}.
E {k} {m=be kept} in {x}.
@ security take | k:class a:approver c:alt(2,condition)
K {k}{은} {a}의 승인을 {c=받은 경우에만|받지 않아도} 반출할 수 있다.
K 직원은 {a}의 {c=승인이 있을 때에만|승인 없이도} {k}{을} 외부로 가지고 나갈 수 있다.
E {k} may be taken out {c=only with|even without} the approval of {a}.
E Employees can take {k} off the premises {c=only if|even if not} approved by {a}.
@ security mail | k:class n:alt(2,negation)
K {k}{은} 외부 이메일로 보낼 때 {n=암호화한다|암호화하지 않는다}.
K 외부로 전송하는 {k}에는 암호를 {n=적용한다|적용하지 않는다}.
E {k} is {n=encrypted|not encrypted} when sent by external email.
E When {k} is emailed outside, encryption is {n=applied|not applied}.
@ security grant | k:system x:dept~ a:approver m:mod(may,not)
K {x} 직원은 {a}의 승인을 받아 {k}에 {m=접속하}.
K {k}{은} {a}의 승인을 받은 {x} 직원이 {m=사용하}.
E With the approval of {a}, staff of {x} {m=access} {k}.
E Staff of {x} approved by {a} {m=log in to} {k}.
@ password length | k:system L:lim(min,upto) v:n(6,20,1,char)
T 비밀번호 길이 ~ password length
V {L@v} ~ {L@v}
K {k}의 비밀번호는 {L@v}{으로} 설정한다.
E Passwords for {k} have {L@v}.
@ password change | k:system v:n(15,180,15,day) m:mod(must,need,rec)
K {k} 사용자는 비밀번호를 {v}마다 {m=변경하}.
K {k}의 비밀번호는 {v}에 한 번 {m=변경하}.
E Users of {k} {m+=change} their password every {v}.
E Every {v}, users {m+=change} the password for {k}.
@ password lock | k:system v:n(3,10,1,time) w:n(5,50,5,minute)
K {k}{은} 비밀번호를 {v} 틀리면 계정을 {w} 동안 잠근다.
K {k}에서 로그인에 {v} 실패하면 {w} 동안 접속이 차단된다.
E {k} locks an account for {w} after the password is wrong {v}.
E After the login fails {v}, access to {k} is blocked for {w}.
@ visitor apply | k:site v:n(1,7,1,bday) a:dept
K {k} 방문자는 {v} 전까지 {a}에 방문을 신청한다.
K {k}{을} 방문하려면 방문 {v} 전까지 {a}에 신청한다.
E Visitors to {k} apply to {a} at least {v} before the visit.
E A visit to {k} is requested from {a} at least {v} ahead.
@ visitor escort | k:room m:mod(must,need,rec) a:dept
K {k}{을} 방문하는 외부인은 {a} 직원과 {m=동행하}.
K 외부인은 {k} 출입 시 {a} 직원과 {m=동행하}.
E Outside visitors to {k} {m+=be accompanied} by staff of {a}.
E When entering {k}, visitors {m+=be escorted} by an employee of {a}.
@ visitor photo | k:room m:mod(may,not) c:alt(3,entity)~
K 방문객은 {k}에서 {c=사진을 촬영|음식물을 섭취|휴대폰을 사용}{m=하}.
K {k}에서는 방문객이 {c=사진을 촬영|음식물을 섭취|휴대폰을 사용}{m=하}.
E Visitors {m=} {c=take photos|eat or drink|use mobile phones} in {k}.
E In {k}, visitors {m=} {c=take photos|eat or drink|use mobile phones}.
@ hours start | k:shift v:clock(6,11) w:clock(15,21)
K {k}의 근무 시간은 {v}부터 {w}까지이다.
K {k}{은} {v}에 업무를 시작하여 {w}에 마친다.
E {k} works from {v} to {w}.
E {k} starts at {v} and ends at {w}.
@ hours core | k:dept v:clock(9,11) w:clock(14,17)
T 집중 근무 시간 ~ core working time
P of
V {v}부터 {w}까지 ~ from {v} to {w}
K {k}{은} {v}부터 {w}까지를 집중 근무 시간으로 운영한다.
K {k} 직원은 {v}부터 {w}까지 자리를 지켜 집중 근무를 한다.
@ hours break | k:shift v:n(10,90,5,minute) p:alt(2,antonym)
K {k}에는 {v}의 휴게 시간을 주며 이는 근무 시간에 {p=포함된다|포함되지 않는다}.
K {k}의 휴게 시간은 {v}이며 근무 시간에 {p=포함한다|포함하지 않는다}.
E {k} has a break of {v}, which is {p=counted|not counted} as working time.
E {k} takes a break of {v} that is {p=included|not included} in working time.
@ hours room | k:room v:clock(7,10) w:clock(17,22)
T 이용 시간 ~ opening time
P of
V {v}부터 {w}까지 ~ {v} to {w}
K {k}{은} {v}에 열고 {w}에 닫는다.
E {k} opens at {v} and closes at {w}.
@ remote days | k:dept v:n(1,4,1,day) L:lim(upto,atleast)
T 주당 재택근무 일수 ~ number of remote work days per week
V {L@v} ~ {L@v}
K {k} 직원은 일주일에 {L@v} 재택근무를 한다.
E Staff of {k} work from home {L@v} a week.
@ remote allow | k:etype c:alt(2,condition)
K {k}{은} 팀장의 승인을 {c=받은 경우에만|받지 않고도} 재택근무를 할 수 있다.
K {k}의 재택근무는 팀장의 {c=승인이 있어야 가능하다|승인이 없어도 가능하다}.
E {k} may work from home {c=only with|even without} the approval of the team leader.
E Remote work by {k} {c=requires|does not require} the approval of the team leader.
@ remote allowance | k:etype v:money(20000,150000,10000)
T 월 재택근무 수당 ~ monthly remote work allowance
K 재택근무를 하는 {k}에게 매월 {v}의 수당을 지급한다.
E {k} who work from home receive {v} a month.
@ remote report | k:dept v:clock(8,10) x:system m:mod(must,need,rec)
K 재택근무를 하는 {k} 직원은 {v}까지 {x}에 출근을 {m=등록하}.
K {k}의 재택 근무자는 {v}까지 {x}에 출근을 {m=입력하}.
E Remote workers of {k} {m+=record} their start in {x} by {v}.
E By {v}, home workers of {k} {m+=check in} through {x}.
@ onboard probation | k:etype v:n(1,6,1,month) p:n(70,95,5,pct)
K {k}의 수습 기간은 {v}이며 이 기간에는 급여의 {p}{을} 지급한다.
K {k}{은} {v}의 수습 기간 동안 급여의 {p}{을} 받는다.
E {k} have a trial period of {v} at {p} of their pay.
E The trial period for {k} is {v}, during which {p} of the salary is paid.
@ onboard mentor | k:person x:person y:dept d:date
K {k}{은} {d}에 {y}에 입사하며 {x}{이} 멘토를 맡는다.
K {d} {y}에 입사하는 {k}의 멘토는 {x}이다.
E {k} joins {y} on {d}, and {x} is the mentor.
E {x} mentors {k}, who starts in {y} on {d}.
@ onboard docs | k:etype x:alt(4,entity)~ v:n(3,20,1,day)
K {k}{은} 입사 후 {v} 이내에 {x=졸업 증명서|통장 사본|주민 등록 등본|경력 증명서}{을} 제출한다.
K 새로 들어온 {k}{은} {x=졸업 증명서|통장 사본|주민 등록 등본|경력 증명서}{을} 입사일부터 {v} 안에 낸다.
E {k} submit {x=a graduation certificate|a copy of the bankbook|a resident registration extract|a career certificate} within {v} of joining.
E Within {v} of joining, {k} hand in {x=a graduation certificate|a copy of the bankbook|a resident registration extract|a career certificate}.
@ onboard account | k:system a:dept v:n(1,5,1,bday)
K 신입 직원의 {k} 계정은 {a}{이} 입사 후 {v} 이내에 발급한다.
K {a}{은} 신입 직원이 입사하면 {v} 이내에 {k} 계정을 만들어 제공한다.
E {a} issues new hires an account for {k} within {v} of joining.
E New hires get their account for {k} from {a} within {v} of joining.
@ training hours | k:course v:n(1,40,1,hour) p:alt(3,unit)
T {p=연간|분기별|월간} 필수 이수 시간 ~ {p=annual|quarterly|monthly} required training time
K {k}{은} {p=1년에|분기마다|매월} {v} 이상 이수하여야 한다.
E Employees must complete at least {v} of {k} {p=per year|per quarter|per month}.
V 최소 {v} ~ at least {v}
@ training score | k:course L:lim(ge,gt) v:n(50,95,5,point)
T 수료 기준 점수 ~ passing score
V {L@v} ~ {L@v}
K {k}{은} 평가에서 {L@v}{을} 받아야 수료로 인정한다.
E {k} is passed with a score of {L@v}.
@ training target | k:course x:dept~ m:mod(must,need,rec)
K {x} 직원은 {k}{을} {m=이수하}.
K {k}{은} {x} 직원이 {m=수강하}.
E Staff of {x} {m+=complete} {k}.
E {k}: staff of {x} {m+=take} it.
@ training date | k:course d:date x:room y:person
K {k}{은} {d}에 {x}에서 열리며 강사는 {y}이다.
K {y}{이} {d} {x}에서 {k}{을} 진행한다.
E {k} takes place on {d} in {x}, with {y} as the instructor.
E {y} teaches {k} in {x} on {d}.
@ equipment loan | k:item v:n(3,90,1,day)
T 대여 기간 ~ loan period
V {v} ~ {v}
K {k}{은} 한 번에 {v}까지 빌릴 수 있다.
E {k} can be borrowed for up to {v} at a time.
@ equipment lost | k:item v:n(10,100,10,pct) a:dept
K {k}{을} 분실한 직원은 {a}에 신고하고 구입가의 {v}{을} 변상한다.
K {k} 분실 시 {a}에 신고하며 구입가의 {v}{을} 부담한다.
E Employees who lose {k} report it to {a} and pay {v} of the purchase price.
E The loss of {k} is reported to {a}, and {v} of the purchase price is charged.
@ equipment replace | k:item v:n(2,8,1,year) q:alt(3,quantifier)
K {q=모든 부서에서|연구 부서에서만|영업 부서에서만} {k}{을} {v}마다 교체한다.
K {k}{은} {v}마다 교체하며 대상은 {q=모든 부서|연구 부서만|영업 부서만}이다.
E {k} are replaced every {v} in {q=all departments|research departments only|sales departments only}.
E {q=All departments|Only research departments|Only sales departments} replace {k} every {v}.
@ equipment assign | k:grade x:item~ v:n(1,3,1,unit)
K {k}에게는 {x} {v}{을} 지급한다.
K 회사는 {k}{이} 쓸 {x} {v}{을} 제공한다.
E {k} are each provided with {x} ({v}).
E Each of the {k} gets {v} of {x}.
@ parking fee | k:grade v:money(10000,150000,5000) x:site~
T {x} 월 주차 요금 ~ monthly parking fee at {x}
K {k}{은} {x}에서 매월 {v}의 주차 요금을 낸다.
E {k} pay {v} a month to park at {x}.
@ parking free | k:site v:n(1,6,1,hour)
T 방문객 무료 주차 시간 ~ free parking time for visitors
P at
K {k} 방문객은 {v} 동안 무료로 주차할 수 있다.
E Visitors may park free of charge at {k} for {v}.
@ parking slots | k:site v:n(20,400,10,unit) e:n(2,18,2,unit)
K {k} 주차장에는 {v}{을} 세울 수 있으며 그중 전기차 자리는 {e}이다.
K {k}의 주차 면수는 {v}이고 전기차 전용은 {e}이다.
E The parking lot of {k} holds {v}, of which {e} are for electric cars.
@ parking bus | k:line v:clock(6,9) x:alt(4,entity)
K {k}{은} {v}에 {x=강남역|수원역|부산역|대전역}에서 출발한다.
K {k}의 출발지는 {x=강남역|수원역|부산역|대전역}이고 출발 시각은 {v}이다.
E {k} leaves {x=Gangnam|Suwon|Busan|Daejeon} Station at {v}.
E {k} departs at {v} from {x=Gangnam|Suwon|Busan|Daejeon} Station.
@ meals price | k:meal v:money(2000,12000,500) x:site~
T {x} 구내식당 가격 ~ cafeteria price at {x}
K {x} 구내식당에서 {k}{은} {v}이다.
E At {x}, the cafeteria charges {v} for {k}.
@ meals time | k:meal v:clock(6,12) w:clock(13,22)
T 제공 시간 ~ serving time
V {v}부터 {w}까지 ~ {v} to {w}
K {k}{은} {v}부터 {w}까지 제공한다.
E {k} is served from {v} to {w}.
@ meals support | k:etype v:n(20,100,10,pct) x:meal~
K 회사는 {k}의 {x} 비용 중 {v}{을} 지원한다.
K {k}{은} {x} 비용의 {v}{을} 회사에서 지원받을 수 있다.
E The company covers {v} of the cost of {x} for {k}.
E {k} get {v} of the cost of {x} paid by the company.
@ health cycle | k:shift v:n(2,5,1,year) x:exam~
K {k} 근무자는 {v}에 한 번 {x}{을} 받는다.
K {k} 근무자의 {x}{은} {v}마다 실시한다.
E Workers on {k} have {x} once every {v}.
E Once every {v}, {x} is given to workers on {k}.
@ health cost | k:etype v:money(100000,900000,50000)
T 건강 검진 지원금 ~ medical check-up subsidy
K 회사는 {k}의 건강 검진 비용을 1인당 {v}까지 지원한다.
E The company pays up to {v} per person for the medical check-up of {k}.
V 1인당 최대 {v} ~ up to {v} per person
@ health family | k:etype c:alt(3,quantifier)~ n:alt(2,negation)
K {k}의 경우 건강 검진 대상에 {c=배우자|부모|자녀}{을} {n=포함한다|포함하지 않는다}.
K {k}의 {c=배우자|부모|자녀}{은} 회사 건강 검진을 {n=받을 수 있다|받을 수 없다}.
E For {k}, the company check-up {n=includes|does not include} {c=spouses|parents|children}.
E {c=Spouses|Parents|Children} of {k} are {n=covered|not covered} by the company check-up.
@ safety gear | k:area x:ppe~ m:mod(must,need,rec)
K {k}에 들어가는 작업자는 {x}{을} {m=착용하}.
K {k}에서는 {x}{을} {m=착용하}.
E Workers {m+=wear} {x} in {k}.
E In {k}, workers {m+=put on} {x}.
@ safety inspect | k:area v:alt(4,unit) a:dept
K {a}{은} {k}의 안전 점검을 {v=매일|매주|매월|분기마다} 실시한다.
K {k}{은} {a}{이} {v=매일|매주|매월|분기마다} 점검한다.
E {a} carries out {v=daily|weekly|monthly|quarterly} safety inspections of {k}.
E {k} is inspected by {a} every {v=day|week|month|quarter}.
@ safety work | k:area c:alt(2,condition) L:lim(min,upto) v:n(2,6,1,person)
K {k} 작업은 {L@v}{이} 함께 하며 감독자가 {c=있을 때만|없을 때도} 진행한다.
K {k}에서는 {L@v}{이} 한 조로 작업하고 감독자가 {c=있는 경우에만|없는 경우에도} 작업을 시작할 수 있다.
E Work in {k} is done by teams of {L@v}, {c=only when a supervisor is|even when no supervisor is} present.
E In {k}, teams of {L@v} may start work {c=only with|even without} a supervisor present.
@ safety temp | k:area v:n(10,40,1,C) L:lim(le,ge)
T 관리 온도 ~ set temperature
V {L@v} ~ {L@v}
K {k}의 온도는 {L@v}{으로} 유지한다.
E The temperature of {k} is kept to {L@v}.
P of
@ incident report | k:severity v:n(10,120,10,minute) a:approver
K {k}{이} 발생하면 {v} 이내에 {a}에게 보고한다.
K {k}{은} 발생 후 {v} 안에 {a}에게 알린다.
E {k} are reported to {a} within {v}.
E {a} is informed of {k} within {v}.
@ incident rca | k:severity v:n(1,20,1,bday) m:mod(must,need,rec) a:dept
K {k}의 경우 {a}{은} {v} 이내에 원인 분석 보고서를 {m=작성하}.
K {a}{은} {k} 복구 후 {v} 이내에 원인 분석 보고서를 {m=제출하}.
E For {k}, {a} {m=prepare} a root cause report within {v}.
@ incident log | k:site v:n(1,30,1,item) y:quarter~ t:alt(2,antonym)
K {y} {k}의 안전사고는 {v}{으로} 전 분기보다 {t=늘었다^증가했다|줄었다^감소했다}.
K {k}에서는 {y}에 안전사고가 {v} 발생하여 직전 분기 대비 {t=증가했다^늘었다|감소했다^줄었다}.
E In {y}, {k} had {v} of safety accidents, {t=up|down} from the previous quarter.
E Safety accidents at {k} {t=rose^increased|fell^decreased} to {v} in {y}.
@ sla response | k:severity v:n(5,120,5,minute) p:plan~
T {p}의 최초 응답 시간 ~ first response time under {p}
V {v} 이내 ~ within {v}
K {p} 고객의 {k}에는 {v} 이내에 최초 응답을 한다.
E Under {p}, {k} get a first response within {v}.
@ sla recover | k:severity v:n(1,72,1,hour)
T 복구 목표 시간 ~ recovery target
V {v} 이내 ~ within {v}
K {k}{은} 접수 후 {v} 이내에 복구하는 것을 목표로 한다.
E We aim to resolve {k} within {v} of receipt.
@ sla uptime | k:plan v:pick(99.0%;99.5%;99.9%;99.95%;99.99%;98.5%) c:n(5,50,5,pct)
T 월 가동률 보장 기준 ~ guaranteed monthly uptime
K {k}{은} 월 가동률 {v} 이상을 보장하며 미달 시 요금의 {c}{을} 환급한다.
E {k} guarantees a monthly uptime of at least {v} and refunds {c} of the fee if it is missed.
V {v} 이상 ~ at least {v}
@ support hours | k:channel v:clock(8,10) w:clock(17,22) d:alt(3,quantifier)
T 운영 시간 ~ service time
V {d=평일|매일|평일과 토요일} {v}부터 {w}까지 ~ {v} to {w} {d=on weekdays|every day|Monday to Saturday}
K {k}{은} {d=평일|매일|평일과 토요일} {v}부터 {w}까지 운영한다.
K 고객은 {d=평일|매일|평일과 토요일} {v}부터 {w}까지 {k}{을} 이용할 수 있다.
E {k} is available from {v} to {w} {d=on weekdays|every day|Monday to Saturday}.
@ support channel | k:plan x:channel~ n:alt(2,negation)
K {k}에는 {x}{이} {n=포함된다|포함되지 않는다^제외된다}.
K {k} 고객은 {x}{을} 이용할 수 {n=있다|없다}.
E {k} {n=includes|does not include} {x}.
E Customers on {k} {n=can use|cannot use} {x}.
@ support lang | k:city x:alt(4,entity)~ v:n(3,60,1,person)
K {k} 고객센터는 {x=영어|일본어|베트남어|독일어} 상담원 {v}{을} 두고 있다.
K {x=영어|일본어|베트남어|독일어} 상담원 {v}{이} {k} 고객센터에서 근무한다.
E The {k} contact center has {v} supporting {x=English|Japanese|Vietnamese|German}.
@ spec weight | k:product v:n(1,60,1,kg)
T 무게 ~ weight
P of
K {k}{은} 무게가 {v}이다.
E {k} weighs {v}.
@ spec power | k:product v:n(20,2400,20,W) t:alt(2,antonym)~
T {t=최대|대기} 소비 전력 ~ {t=maximum|standby} power consumption
P of
K {k}의 소비 전력은 {t=최대|대기 상태에서} {v}이다.
E {k} uses {v} of {t=power at maximum load|power on standby}.
@ spec size | k:product v:n(100,900,5,mm) w:n(905,1900,5,mm)
K {k}의 폭은 {v}, 높이는 {w}이다.
K {k}{은} 가로 폭이 {v}이고 높이가 {w}이다.
E {k} is {v} wide and {w} high.
E {k} has a width of {v} and a height of {w}.
@ spec water | k:product c:alt(4,entity)~ n:alt(2,negation)
K {k}{은} {c=방수 기능|무선 충전|음성 제어|얼굴 인식}{을} {n=지원한다|지원하지 않는다}.
K {k}에서는 {c=방수 기능|무선 충전|음성 제어|얼굴 인식}{을} 사용할 수 {n=있다|없다}.
E {k} {n=supports|does not support} {c=waterproofing|wireless charging|voice control|face recognition}.
E {c=Waterproofing|Wireless charging|Voice control|Face recognition} is {n=available|not available} on {k}.
@ spec memory | k:product v:n(4,128,4,GB) w:n(132,2048,4,GB)
K {k}에는 {v} 메모리와 {w} 저장 장치가 들어 있다.
K {k}의 메모리는 {v}, 저장 용량은 {w}이다.
E {k} comes with {v} of memory and {w} of storage.
E {k} has {v} of RAM and a {w} drive.
@ spec temp | k:product v:n(2,14,1,C) w:n(30,60,1,C)
T 작동 온도 ~ operating temperature
P of
V {v}에서 {w} ~ {v} to {w}
K {k}{은} {v}에서 {w} 사이에서 작동한다.
E {k} operates between {v} and {w}.
@ spec origin | k:product x:city y:year c:color
K {k}{은} {y} {x} 공장에서 처음 생산되었으며 색상은 {c}이다.
K {c} 색상의 {k}{은} {y}부터 {x} 공장에서 생산되었다.
E {k}, in {c}, was first made at the {x} plant in {y}.
E First made in {y} at the {x} plant, {k} comes in {c}.
@ price list | k:product v:money(50000,3000000,10000) p:alt(2,antonym)~
T {p=소비자|도매} 가격 ~ {p=retail|wholesale} price
P of
K {k}의 {p=소비자|도매} 판매가는 {v}이다.
E {k} sells for {v} at {p=retail|wholesale}.
@ price vat | k:product v:money(50000,3000000,10000) p:alt(2,antonym)
K {k}의 가격은 부가세 {p=포함|별도} {v}이다.
K {k}{은} {v}에 판매하며 이 가격에는 부가세가 {p=포함되어 있다|포함되어 있지 않다}.
E {k} costs {v}, VAT {p=included|not included}.
E The price of {k} is {v}, {p=including|excluding} VAT.
@ price discount | k:product v:n(5,50,5,pct) L:lim(ge,gt) q:n(10,200,10,unit)
K {k}{을} {L@q} 주문하면 {v} 할인한다.
K {L@q} 구매 시 {k}의 할인율은 {v}이다.
E Orders of {L@q} of {k} get a discount of {v}.
E {k} is discounted by {v} for orders of {L@q}.
@ price plan | k:plan v:usd(9,900,10) p:alt(2,unit) n:n(5,500,5,person)
K {k}의 요금은 {p=월|연} {v}이며 사용자 {n}까지 쓸 수 있다.
K {k}{은} 사용자 {n}까지 {p=월|연} {v}에 제공한다.
E {k} costs {v} per {p=month|year} for up to {n}.
E For up to {n}, {k} is {v} a {p=month|year}.
@ price change | k:product v:n(1,25,1,pct) t:alt(2,antonym) d:date
K {k}의 가격을 {d}부터 {v} {t=인상한다|인하한다}.
K {d}부로 {k} 가격이 {v} {t=오른다|내려간다}.
E The price of {k} {t=goes up|goes down} by {v} from {d}.
E From {d}, {k} will cost {v} {t=more|less}.
@ contract period | k:contract d:date v:n(6,60,6,month) x:vendor
K {k}의 상대방은 {x}이며 계약 기간은 {d}부터 {v}이다.
K {x}{과} 체결한 {k}{은} {d}부터 {v}간 유효하다.
E {k} with {x} runs for {v} from {d}.
E Signed with {x}, {k} is valid for {v} starting {d}.
@ contract renew | k:contract c:alt(3,condition) v:n(15,90,15,day)
K {k}{은} 만료 {v} 전까지 해지 통지가 없으면 {c=자동으로 연장된다|자동으로 종료된다|다시 협의한다}.
K 만료 {v} 전까지 당사자가 해지를 통지하지 않으면 {k}{은} {c=자동 연장된다|자동 종료된다|재협의한다}.
E {k} {c=renews automatically|ends automatically|is renegotiated} unless notice is given {v} before it expires.
E Unless either party gives notice {v} before expiry, {k} {c=is extended automatically|terminates automatically|is renegotiated}.
@ contract fee | k:contract v:money(500000,20000000,500000) p:alt(2,unit)
T {p=월|연} 이용료 ~ {p=monthly|yearly} fee
K {k}에 따라 {p=매월|매년} {v}{을} 지급한다.
E {v} is paid {p=every month|every year} under {k}.
P under
@ contract court | k:contract c:city
K {k}에 관한 분쟁은 {c} 법원에서 해결한다.
K {k}의 관할 법원은 {c} 법원이다.
E Disputes over {k} are settled by the courts of {c}.
E The courts of {c} have jurisdiction over {k}.
@ penalty delay | k:breach v:n(1,30,1,pct) x:contract~
T {x} 위약금 비율 ~ penalty rate under {x}
V 계약 금액의 {v} ~ {v} of the contract price
K {x}에서 {k} 시 위약금은 계약 금액의 {v}이다.
E Under {x}, {k} carries a penalty of {v} of the contract price.
@ penalty end | k:breach m:mod(may,not) v:n(7,30,1,day) c:alt(2,condition)
K {k}{이} {v} 이상 계속되면 발주자는 사전 통지 {c=후에|없이} 계약을 {m=해지하}.
K 발주자는 {k}{이} {v} 이상 이어지는 경우 사전 통지 {c=후에|없이} 계약을 {m=해지하}.
E If {k} continues for {v} or more, the buyer {m=terminate} the contract {c=after|without} prior notice.
E The buyer {m=terminate} the contract {c=with|without} prior notice where {k} lasts {v} or more.
@ retention period | k:doc v:n(1,10,1,year)
T 보존 기간 ~ retention period
K {k}{은} {v}간 보관한다.
K {k}{은} 작성일부터 {v} 동안 보존한 뒤 폐기한다.
E {k} are kept for {v}.
@ retention place | k:doc x:storage a:dept
K {a}{은} {k}{을} {x}에 보관한다.
K {k}{은} {a}{이} {x}에서 관리한다.
E {a} keeps {k} in {x}.
E {k} are stored in {x} by {a}.
@ retention destroy | k:doc c:alt(3,entity) w:alt(2,condition) a:approver
K {k}{은} {a}의 {w=승인을 받아|승인 없이} {c=파쇄한다|소각한다|영구 삭제한다}.
K 보존 기간이 끝난 {k}{은} {a}의 {w=승인을 받고|승인 없이} {c=파쇄한다|소각한다|영구 삭제한다}.
E After the retention period, {k} are {c=shredded|burned|permanently deleted} {w=with|without} the approval of {a}.
@ meeting decision | k:project t:alt(3,tense) d:date a:dept
K {k}{은} {a}{이} {d}에 {t=착수할 예정이다|착수하였다|중단하였다}.
K {a}{은} {d}에 {k}{을} {t=시작할 예정이다|시작했다|중단했다}.
E {a} {t=will start^plans to start|started|halted^stopped} {k} on {d}.
E {k} {t=is to be started|was started|was halted} by {a} on {d}.
@ meeting budget | k:project v:money(10000000,990000000,10000000) t:alt(3,tense)
K 회의에서 {k}에 예산 {v}{을} 배정하는 안을 {t=승인했다|부결했다|보류했다}.
K {k}의 예산 {v} 배정안은 {t=승인되었다|부결되었다|보류되었다}.
E The meeting {t=approved|rejected|postponed} a budget of {v} for {k}.
E A budget of {v} for {k} was {t=approved|rejected|put on hold}.
@ meeting owner | k:project x:person d:date a:dept
K {k}의 담당자는 {a} {x}이며 {d}까지 결과를 보고한다.
K {a} {x}{이} {k}{을} 맡아 {d}까지 결과를 보고한다.
E {x} of {a} is in charge of {k} and reports the results by {d}.
E By {d}, {x} of {a}, the owner of {k}, reports the results.
@ meeting attend | k:project v:n(4,30,1,person) x:room d:date
K {k} 회의는 {d} {x}에서 열렸으며 {v}{이} 참석했다.
K {d}에 {x}에서 진행된 {k} 회의에는 {v}{이} 참석했다.
E The meeting on {k} was held in {x} on {d} with {v} present.
E On {d}, {v} attended the meeting on {k} in {x}.
@ meeting next | k:project d:weekday v:clock(9,17)
T 정기 회의 시간 ~ regular meeting time
V 매주 {d} {v} ~ {v} every {d}
K {k} 회의는 매주 {d} {v}에 진행한다.
E The meeting on {k} is held at {v} every {d}.
@ org move | k:person x:dept y:dept d:date
S x y
K {k}{은} {d}자로 {x}에서 {y}{으로} 이동한다.
K {d} 인사 발령으로 {k}{은} {x}에서 {y}{으로} 자리를 옮긴다.
E {k} moves from {x} to {y} on {d}.
E On {d}, {k} is transferred from {x} to {y}.
@ org head | k:dept x:person y:person d:date
S x y
K {d}자로 {k}의 책임자가 {x}에서 {y}{으로} 바뀐다.
K {y}{이} {d}부터 {x}의 후임으로 {k}{을} 이끈다.
E From {d}, {y} succeeds {x} as the head of {k}.
E {y} replaces {x} as head of {k} on {d}.
@ org merge | x:dept y:dept d:date t:alt(3,tense)
S x y
K {x}{은} {d}에 {y}{으로} {t=통합될 예정이다|통합되었다|통합되지 않았다}.
K {d}에 {x}{을} {y}{으로} {t=통합할 예정이다|통합했다|통합하지 않았다}.
E {x} {t=will be merged|was merged|was not merged} into {y} on {d}.
E On {d}, {x} {t=is going to become|became|did not become} part of {y}.
@ org report | x:dept y:dept v:alt(4,unit)
S x y
K {x}{은} {y}에 실적을 {v=매일|매주|매월|분기마다} 보고한다.
K {y}{은} {x}{으로}부터 {v=매일|매주|매월|분기마다} 실적 보고를 받는다.
E {x} reports its results to {y} every {v=day|week|month|quarter}.
E {y} receives a report on results from {x} every {v=day|week|month|quarter}.
@ org size | k:dept v:n(4,120,1,person) y:year~
T {y} 말 인원 ~ headcount at the end of {y}
P of
K {y} 말 기준 {k}의 인원은 {v}이다.
E At the end of {y}, {k} had {v}.
@ sales result | k:quarter x:product~ v:money(10000000,990000000,10000000)
T {x} 매출 ~ revenue from {x}
P in
K {k}에 {x}{은} {v}의 매출을 올렸다.
K {x}의 {k} 매출액은 {v}이다.
E {x} brought in {v} in {k}.
@ sales growth | k:site y:quarter~ v:n(1,60,1,pct) t:alt(2,antonym)
K {y} {k}의 매출은 전년 동기 대비 {v} {t=증가했다^늘었다|감소했다^줄었다}.
K {k}{은} {y}에 매출이 1년 전보다 {v} {t=늘었다^증가했다|줄었다^감소했다}.
E Sales at {k} {t=rose^grew^increased|fell^dropped^decreased} by {v} year on year in {y}.
E In {y}, {k} saw its sales {t=increase|decrease} by {v} from a year earlier.
@ sales units | k:city x:product~ v:n(50,5000,10,unit) y:year~
T {y} {x} 판매량 ~ sales volume of {x} in {y}
P in
K {y} {k}에서 {x}{이} {v} 팔렸다.
E {v} of {x} were sold in {k} in {y}.
@ sales best | k:quarter x:product y:city~
K {k} {y}에서 가장 많이 팔린 제품은 {x}이다.
K {x}{은} {k} {y} 판매 1위를 기록했다.
E {x} was the best-selling product in {y} in {k}.
E In {k}, the top seller in {y} was {x}.
@ sales target | k:dept v:money(100000000,9900000000,100000000) y:year~ p:n(50,130,1,pct)
K {k}의 {y} 매출 목표는 {v}이며 달성률은 {p}이다.
K {y} {k}{은} 매출 목표 {v} 대비 {p}{을} 달성했다.
E {k} reached {p} of its {y} sales target of {v}.
E The {y} sales target of {k} was {v}, and {p} of it was achieved.
@ schedule milestone | k:project d:date x:alt(4,entity)~
K {k}의 {x=설계|시험|구축|이전} 단계는 {d}에 끝난다.
K {k}{은} {d}까지 {x=설계|시험|구축|이전} 단계를 마친다.
E The {x=design|testing|construction|migration} phase of {k} ends on {d}.
E {k} completes its {x=design|testing|construction|migration} phase by {d}.
@ schedule delay | k:project d:date d2:date
S d d2
K {k}의 완료일이 {d}에서 {d2}{으로} 변경되었다.
K {k}{은} 당초 {d} 완료에서 {d2} 완료로 일정이 바뀌었다.
E The completion date of {k} was changed from {d} to {d2}.
E {k}, first due on {d}, is now due on {d2}.
@ schedule close | k:month v:dom a:dept
K {k} 결산은 {a}{이} 다음 달 {v}까지 마감한다.
K {a}{은} {k} 결산을 익월 {v}까지 끝낸다.
E {a} closes the books for {k} by the {v} of the next month.
E The {k} closing is finished by {a} by the {v} of the following month.
@ shipping time | k:ship v:n(1,20,1,bday) x:alt(2,condition)
T 소요 기간 ~ delivery time
V {x=결제|출고} 후 {v} ~ {v} after {x=payment|dispatch}
K {k}{은} {x=결제|출고} 후 {v}{이} 걸린다.
E {k} takes {v} after {x=payment|dispatch}.
@ shipping fee | k:ship v:money(2000,60000,500) L:lim(ge,gt) f:money(30000,200000,10000)
K {k} 요금은 {v}이며 주문 금액이 {L@f}이면 무료이다.
K {k}의 배송비는 {v}이고 {L@f} 주문 시 면제된다.
E {k} costs {v} and is free for orders of {L@f}.
E The fee for {k} is {v}, waived for orders of {L@f}.
@ shipping cutoff | k:ship v:clock(10,17) x:site
K {v}까지 주문하면 당일 {x}에서 {k}{으로} 출고한다.
K {k} 주문은 {v}까지 접수된 건을 {x}에서 당일 출고한다.
E Orders for {k} placed by {v} leave {x} the same day.
E For {k}, orders received by {v} are dispatched from {x} the same day.
@ refund period | k:goods v:n(3,60,1,day) c:alt(2,condition)
T 반품 가능 기간 ~ return period
V {c=수령|구매} 후 {v} 이내 ~ within {v} of {c=receipt|purchase}
K {k}{은} {c=수령|구매} 후 {v} 이내에 반품할 수 있다.
E {k} can be returned within {v} of {c=receipt|purchase}.
@ refund cost | k:ground p:alt(2,antonym) v:money(2500,10000,500)
K {k}{으로} 인한 반품의 경우 배송비 {v}{은} {p=고객이|회사가} 부담한다.
K 반품 사유가 {k}이면 반품 배송비 {v}{을} {p=고객이|회사가} 낸다.
E For returns due to {k}, the shipping cost of {v} is paid by {p=the customer|the company}.
E {p=The customer|The company} pays the return shipping of {v} in the case of {k}.
@ refund open | k:goods c:alt(2,condition)~ n:alt(2,negation)
K {k}{은} 포장을 {c=개봉한|개봉하지 않은} 경우 환불이 {n=가능하다|불가능하다}.
K 포장을 {c=뜯은|뜯지 않은} {k}{은} 환불을 {n=받을 수 있다|받을 수 없다}.
E {c=Opened|Unopened} {k} {n=can be|cannot be} refunded.
E Refunds are {n=available|not available} for {c=opened|unopened} {k}.
@ refund pay | k:ground v:n(2,14,1,bday) w:alt(2,entity)
K {k} 환불은 {v} 이내에 {w=원래 결제 수단으로|적립금으로} 지급한다.
K {k}의 경우 환불금을 {v} 이내에 {w=원래 결제 수단으로|적립금으로} 돌려준다.
E Refunds for {k} are made within {v} {w=to the original payment method|as store credit}.
@ backup cycle | k:system v:alt(4,unit) x:medium
K {k}의 데이터는 {v=매일|매주|매월|매시간} {x}에 백업한다.
K {k}{은} {v=매일|매주|매월|매시간} {x}에 백업된다.
E {k} is backed up to {x} every {v=day|week|month|hour}.
E Every {v=day|week|month|hour}, data of {k} is copied to {x}.
@ backup keep | k:system v:n(7,365,1,day) g:alt(2,antonym)~
T {g=전체|증분} 백업 보관 기간 ~ retention of {g=full|incremental} backups
K {k}의 {g=전체|증분} 백업은 {v} 동안 보관한다.
E {g=Full|Incremental} backups of {k} are kept for {v}.
@ backup test | k:system v:alt(3,unit) a:dept m:mod(must,need,rec)
K {a}{은} {k}의 복구 시험을 {v=매월|분기마다|매년} {m=실시하}.
K {k}의 복구 시험은 {a}{이} {v=매월|분기마다|매년} {m=수행하}.
E {a} {m=test} the recovery of {k} every {v=month|quarter|year}.
E Every {v=month|quarter|year}, {a} {m=run} a recovery test of {k}.
@ audit finding | k:finding x:dept~ v:n(1,40,1,item) y:year~
K {y} 감사에서 {x}의 {k} {v}{을} 확인했다.
K {x}{은} {y} 감사에서 {k}{으로} {v}의 지적을 받았다.
E The {y} audit found {v} of {k} in {x}.
E In the {y} audit, {x} had {v} of {k}.
@ audit fix | k:finding x:dept~ d:date t:alt(3,tense)
K {x}{은} {k}에 대한 개선 조치를 {d}에 {t=완료하였다|시작하였다|중단하였다}.
K {k}에 대해 {x}{은} {d}에 개선을 {t=마쳤다^완료했다|시작했다|중단했다}.
E {x} {t=completed^finished|began|stopped} the corrective action for {k} on {d}.
E On {d}, corrective action for {k} was {t=completed|started|stopped} by {x}.
@ audit risk | k:finding r:alt(3,entity) v:n(5,60,5,day)
K {k}의 위험도는 {r=상|중|하}이며 {v} 이내에 개선을 요구한다.
K 감사팀은 {k}{을} 위험도 '{r=상|중|하}'{으로} 평가하고 {v} 이내의 개선을 요구한다.
E The risk of {k} is rated {r=high|medium|low}, with correction due within {v}.
E The auditors rate the risk of {k} as {r=high|medium|low} and require correction within {v}.
@ hr bonus | k:level v:n(10,300,10,pct) y:year~
T {y} 성과급 지급률 ~ {y} bonus rate
V 기본급의 {v} ~ {v} of base pay
K {y} {k} 직원에게는 기본급의 {v}{을} 성과급으로 지급한다.
E In {y}, employees rated {k} receive a bonus of {v} of base pay.
@ hr share | k:level L:lim(upto,atleast) v:n(5,60,5,pct)
T 배분 비율 ~ share of ratings
V {L@v} ~ {L@v}
K {k}{은} 평가 대상자의 {L@v}에게 부여한다.
E {k} is given to {L@v} of the employees.
@ hr promote | k:grade v:n(2,6,1,year) x:level
K {k}{이} 승진하려면 현 직급에서 {v} 이상 근무하고 {x} 이상의 평가를 받아야 한다.
K {k}의 승진 요건은 현 직급 근속 {v} 이상, 평가 {x} 이상이다.
E To be promoted, {k} need at least {v} in their grade and a rating of {x} or better.
E Promotion of {k} requires {v} or more in the grade and at least {x} in the evaluation.
@ hr appeal | k:level v:n(3,21,1,day) a:approver m:mod(may,not)
K {k}{을} 받은 직원은 통보 후 {v} 이내에 {a}에게 이의를 {m=신청하}.
K 평가 결과가 {k}인 직원은 {v} 이내에 {a}에게 이의 신청을 {m=하}.
E Employees rated {k} {m=appeal} to {a} within {v}.
E Within {v}, employees with {k} {m=file} an objection with {a}.
@ hr weight | k:grade v:n(10,45,5,pct) w:n(50,90,5,pct)
K {k}의 평가에서 역량은 {v}, 성과는 {w} 반영한다.
K {k}{은} 역량 {v}, 성과 {w}의 비중으로 평가한다.
E The evaluation of {k} weighs competence at {v} and results at {w}.
E For {k}, competence counts for {v} and results for {w}.
@ benefit event | k:event v:money(100000,3000000,50000) l:n(1,7,1,day)
T 경조금 ~ congratulation or condolence payment
K {k} 시 경조금 {v}{을} 지급하고 {l}의 휴가를 준다.
K {k}의 경우 {v}의 경조금과 {l}의 경조 휴가를 제공한다.
E For {k}, the company pays {v} and gives {l} of leave.
E Employees receive {v} and {l} of leave for {k}.
@ benefit perk | k:perk v:money(50000,1200000,10000) p:alt(3,unit) e:etype~
T {e} 대상 {p=월|분기|연} 지급액 ~ {p=monthly|quarterly|yearly} amount given to {e}
P as
K {e}에게 {k}{을} {p=매월|분기마다|매년} {v} 지급한다.
E {e} get {v} {p=a month|a quarter|a year} as {k}.
@ benefit care | k:etype x:perk~ n:alt(2,negation)
K {k}{은} {x}{을} 받을 수 {n=있다|없다}.
K {x}{은} {k}에게 {n=지급한다|지급하지 않는다}.
E {k} {n=are entitled|are not entitled} to the {x}.
E The {x} is {n=available|not available} to {k}.
@ benefit point | k:grade v:n(100,3000,100,point) w:alt(2,negation)
K {k}에게는 매년 복지 포인트 {v}{을} 부여하며 남은 포인트는 {w=이월된다|이월되지 않는다}.
K {k}의 연간 복지 포인트는 {v}이고 잔여 포인트는 이월이 {w=가능하다|불가능하다}.
E {k} receive {v} of welfare credit a year, and unused credit {w=carries over|does not carry over}.
@ insurance cover | k:insur v:money(10000000,990000000,10000000)
T 보장 한도 ~ coverage limit
P of
K {k}{은} 사고당 {v}까지 보장한다.
E {k} covers up to {v} per accident.
V 사고당 {v} ~ {v} per accident
@ insurance own | k:insur v:money(50000,2000000,50000)
T 자기 부담금 ~ deductible
P under
K {k}{으로} 보상받을 때 직원은 {v}{을} 부담한다.
E Under {k}, the insured pays the first {v}.
@ insurance claim | k:insur v:n(3,60,1,day) x:dept
K {k}의 보험금은 사고 후 {v} 이내에 {x}{을} 통해 청구한다.
K {k} 청구 서류는 사고일부터 {v} 안에 {x}에 제출한다.
E Claims under {k} are filed through {x} within {v} of the accident.
E Within {v} of the accident, claims under {k} go to {x}.
@ insurance who | k:insur q:alt(3,quantifier) y:year~
K {y} {k}의 가입 대상은 {q=모든 직원|정규직만|출장자만}이다.
K {y}에 {q=모든 직원이|정규직만|출장자만} {k}에 가입한다.
E In {y}, {k} covers {q=all employees|regular employees only|employees on trips only}.
E {q=All employees are|Only regular employees are|Only traveling employees are} covered by {k} in {y}.
@ scholarship amount | k:school v:money(300000,5000000,100000) p:alt(2,unit)
T {p=학기당|연간} 학자금 지원액 ~ scholarship per {p=semester|year}
K {k}에 대해 {p=학기마다|매년} {v}의 학자금을 지원한다.
E The company pays {v} per {p=semester|year} in tuition support for {k}.
@ scholarship need | k:school v:n(1,5,1,year) n:n(1,4,1,person)
K {k} 학자금은 근속 {v} 이상인 직원이 최대 {n}까지 신청할 수 있다.
K 근속 {v} 이상이면 {k} 학자금을 {n}까지 받을 수 있다.
E Employees with {v} or more of service may apply for the scholarship for {k}, for up to {n}.
@ certificate pay | k:cert v:money(20000,400000,10000) p:alt(2,unit)
T {p=월 자격 수당|취득 축하금} ~ {p=monthly qualification allowance|one-time qualification bonus}
K {k} 자격을 가진 직원에게는 {p=매월 자격 수당으로|취득 축하금으로 한 차례} {v}{을} 지급한다.
E Holders of the {k} certificate are paid {v} as a {p=monthly allowance|one-time bonus}.
@ certificate renew | k:cert v:n(2,6,1,year) x:dept
K {k} 자격증은 {v}마다 갱신하여 {x}에 사본을 제출한다.
K {k} 보유자는 {v}마다 자격을 갱신하고 {x}에 사본을 낸다.
E The {k} certificate is renewed every {v}, and a copy goes to {x}.
E Every {v}, holders of the {k} certificate renew it and send a copy to {x}.
@ software version | k:system v:ver d:date t:alt(3,tense)
K {k}{은} {d}에 {v} 버전으로 {t=업그레이드할 예정이다|업그레이드되었다|되돌려졌다}.
K {d}에 {k}의 {v} 버전 전환이 {t=예정되어 있다|완료되었다|취소되었다}.
E {k} {t=will be upgraded|was upgraded|was rolled back} to version {v} on {d}.
@ software support | k:system v:ver~ d:date n:alt(2,negation)
K {k} {v} 버전의 기술 지원은 {d}에 {n=종료된다|시작된다}.
K {k}의 {v} 버전은 {d}부터 기술 지원을 {n=중단한다|시작한다}.
E Support for version {v} of {k} {n=ends|begins} on {d}.
E On {d}, technical support for {k} version {v} will {n=end|begin}.
@ software license | k:dept x:product2~ v:n(5,300,5,copy) y:year~
K {k}{은} {y}에 {x} 라이선스 {v}{을} 구매했다.
K {y} {k}의 {x} 라이선스 보유량은 구매분 {v}이다.
E {k} bought {v} of {x} licenses in {y}.
@ software req | k:product2 v:n(4,64,4,GB) o:alt(3,entity)
K {k}{을} 실행하려면 {o=윈도우 11|우분투 22.04|맥OS 14} 환경과 {v} 이상의 메모리가 필요하다.
K {k}의 최소 사양은 {o=윈도우 11|우분투 22.04|맥OS 14}, 메모리 {v} 이상이다.
E {k} requires {o=Windows 11|Ubuntu 22.04|macOS 14} and at least {v} of memory.
E To run {k}, you need {o=Windows 11|Ubuntu 22.04|macOS 14} with {v} of memory or more.
@ security usb | k:dept m:mod(may,not) x:alt(3,entity)~
K {k} 직원은 {x=개인 USB|개인 노트북|외부 메신저}{을} 업무에 {m=사용하}.
K 업무 시 {k} 직원은 {x=개인 USB|개인 노트북|외부 메신저}{을} {m=이용하}.
E Staff of {k} {m=use} {x=personal USB drives|personal laptops|external messengers} for work.
E For work, staff of {k} {m=make use of} {x=personal USB drives|personal laptops|external messengers}.
@ contract parties | x:vendor y:vendor~ v:product~ a:date
S x y
K {x}{은} {y}에 {v}{을} {a}까지 공급한다.
K {y}{은} {x}{으로}부터 {a}까지 {v}{을} 공급받기로 한다.
E {x} supplies {v} to {y} by {a}.
E By {a}, {y} receives {v} from {x}.
@ hr review | x:person y:person~ d:month
S x y
K {x}{은} 매년 {d}에 {y}의 업무를 평가한다.
K {y}의 업무 평가는 매년 {d} {x}{이} 맡는다.
E {x} reviews the work of {y} every {d}.
E Every {d}, the work of {y} is reviewed by {x}.
"""

# ---------------------------------------------------------------- details that may be added

# kind, Korean, English, slots.  "pre" goes before (English: after) the statement,
# "join" is a second clause, "cond" is a condition with its turned form after "||".
_POLICY = {"trip", "leave", "overtime", "remote", "training", "equipment", "parking", "meals", "health",
           "benefit", "scholarship", "support", "refund", "certificate"}
_EXTRAS_TEXT = """
pre|비용 절감을 위해|in order to cut costs|
pre|법 개정에 따라|because of a change in the law|
pre|내부 감사 지적에 따라|because of an internal audit finding|
pre|고객 요청에 따라|at the request of customers|
pre|노사 합의에 따라|under an agreement with the union|
pre|{p} 이사의 제안으로|at the suggestion of {p}|p:person
pre|{c} 지사의 요청으로|at the request of the {c} branch|c:city
pre|보험사의 권고에 따라|on the advice of the insurer|
pre|업무 효율을 높이기 위해|in order to work more efficiently|
pre|{s} 도입에 따라|since the introduction of {s}|s:system
pre|{d} 이사회 의결에 따라|under a board resolution of {d}|d:date
pre|직원 설문 결과를 반영하여|in response to a staff survey|
pre|안전사고 예방을 위해|in order to prevent accidents|
pre|{d}부터|from {d} onwards|d:date
join|이 기준은 {d}부터 적용된다|this has applied since {d}|d:date
join|담당자는 {p}이다|{p} is responsible for it|p:person
join|문의는 {d}에서 받는다|questions go to {d}|d:dept
join|결과는 이메일로 통지된다|the result is announced by email|
join|관련 서류는 {n}간 보관한다|the related papers are kept for {n}|n:n(1,10,1,year)
join|세부 절차는 매년 {m}에 개정된다|the detailed procedure is revised every {m}|m:month
join|{c} 사무소에도 똑같이 적용된다|the same applies to the {c} office|c:city
join|진행 상황은 {s}에서 확인할 수 있다|progress can be checked in {s}|s:system
join|변경 시 {n} 전에 공지한다|changes are announced {n} in advance|n:n(3,30,1,day)
join|예외는 {a}의 승인을 받는다|exceptions are approved by {a}|a:approver
join|매년 {n} 점검한다|this is checked {n} a year|n:n(1,4,1,time)
join|최종 확인은 {d}에서 한다|{d} makes the final check|d:dept
join|자세한 내용은 사내 게시판에 올린다|details are posted on the notice board|
join|위반하면 경고를 받는다|violations lead to a warning|
join|{d}까지 유효하다|this is valid until {d}|d:date
cond|팀장의 승인을 받은 경우에 한하여||팀장의 승인 없이도|but only with the approval of the team leader||even without the approval of the team leader|
cond|예산이 남아 있는 경우에만||예산이 남아 있지 않더라도|but only if budget remains||even if no budget remains|
cond|서면으로 신청한 경우에만||서면 신청이 없어도|but only on written request||even without a written request|
cond|신분증을 제시한 경우에 한하여||신분증을 제시하지 않아도|but only if an ID card is shown||even if no ID card is shown|
cond|온라인으로 신청한 경우에만||온라인 신청 여부와 관계없이|but only for online applications||whether or not the application is made online|
cond|보안 교육을 마친 뒤에만||보안 교육을 마치지 않아도|but only after security training||even before security training|
cond|인사팀에 미리 알린 경우에만||인사팀에 미리 알리지 않아도|but only if the HR Team is told in advance||even if the HR Team is not told in advance|
"""
_EXTRAS = []
for _line in _EXTRAS_TEXT.strip().splitlines():
    _p = _line.replace("||", "\0").split("|")
    _EXTRAS.append((_p[0], _p[1].split("\0"), _p[2].split("\0"), _p[3]))


def parse_slots(text: str) -> dict[str, tuple[str, list[str], bool]]:
    """Slot name to (kind, arguments, whether the slot names what the statement is about)."""
    slots = {}
    for name, kind, args, mark in re.findall(r"(\w+):(\w+)(?:\(([^)]*)\))?(~?)", text):
        slots[name] = (kind, args.split(",") if args else [], bool(mark) or name == "k")
    if slots and not any(s[2] for s in slots.values()):
        first = next(iter(slots))
        slots[first] = (*slots[first][:2], True)
    return slots


_TOKEN = re.compile(r"\{([^{}]*)\}")


def slots_of(template: str) -> set[str]:
    """The slots that a template speaks about."""
    found = set()
    for body in _TOKEN.findall(template):
        if body in _PARTICLES:
            continue
        for name in re.split(r"=", body)[0].split("@"):
            found.add(name.rstrip("+"))
    return found


class Relation:
    """A kind of statement: its slots and the ways to say it."""

    def __init__(self, head: str, lines: list[str]):
        names, slots = head.split("|")
        self.group, self.name = names.split()
        self.slots = parse_slots(slots)
        self.keys = [n for n, s in self.slots.items() if s[2]]
        self.topic, self.value, self.prep, self.swap = None, ("{v}", "{v}"), "for", None
        self.templates: dict[str, list[str]] = {"ko": [], "en": []}
        for line in lines:
            tag, rest = line[0], line[2:]
            if tag == "T":
                self.topic = tuple(rest.split(" ~ "))
            elif tag == "V":
                self.value = tuple(rest.split(" ~ "))
            elif tag == "P":
                self.prep = rest
            elif tag == "S":
                self.swap = rest.split()
            else:
                self.templates["ko" if tag == "K" else "en"].append(rest)
        self.auto: dict[str, list[str]] = {"ko": [], "en": []}
        self.note: dict[str, list[str]] = {"ko": [], "en": []}
        if self.topic:
            tk, te = self.topic
            vk, ve = self.value
            p = self.prep
            self.auto["ko"] = ["{k}의 %s{은} %s이다." % (tk, vk), "%s{은} {k}의 경우 %s이다." % (tk, vk),
                               "{k}{은} %s{이} %s이다." % (tk, vk), "{k}의 %s{은} %s{으로} 정해져 있다." % (tk, vk)]
            self.auto["en"] = ["The %s %s {k} is %s." % (te, p, ve), "%s {k}, the %s is %s." % (p, te, ve) if p != "of" else "The %s of {k}: %s." % (te, ve),
                               "The %s %s {k} is set at %s." % (te, p, ve) if ve.startswith("{v}") else "The %s %s {k} is %s." % (te, p, ve)]
            self.note["ko"] = ["%s({k}): %s" % (tk, vk), "{k} %s: %s" % (tk, vk), "{k} - %s %s" % (tk, vk),
                               "Q. {k}의 %s{은} 어떻게 되나요? A. %s입니다." % (tk, vk)]
            self.note["en"] = ["%s %s {k}: %s" % (te, p, ve), "{k} - %s: %s" % (te, ve),
                               "Q: What is the %s %s {k}? A: %s." % (te, p, ve)]
            self.topic_slots = slots_of(tk)
            self.value_slots = slots_of(vk)
        for lang in ("ko", "en"):
            for t in self.templates[lang]:
                missing = set(self.keys) - slots_of(t)
                if missing or not slots_of(t) <= set(self.slots):
                    raise ValueError(f"{self.group} {self.name}: {missing or slots_of(t)} in {t!r}")

    def draw(self, rng: random.Random) -> dict:
        """A random statement."""
        fact = {n: draw(k, a, rng) for n, (k, a, _) in self.slots.items()}
        self._spread(fact, rng)
        return fact

    def _spread(self, fact: dict, rng: random.Random) -> None:
        """Make slots of one kind differ, and clock times run forward."""
        names = list(self.slots)
        for i, a in enumerate(names):
            for b in names[:i]:
                ka, kb = self.slots[a], self.slots[b]
                if ka[0] == kb[0] and ka[0] not in ("alt", "mod", "lim", "n", "money"):
                    for _ in range(20):
                        if fact[a] != fact[b]:
                            break
                        fact[a] = draw(ka[0], ka[1], rng)
        if self.name == "delay" and self.group == "schedule" and fact["d2"] < fact["d"]:
            fact["d"], fact["d2"] = fact["d2"], fact["d"]

    def sibling(self, fact: dict, rng: random.Random) -> dict | None:
        """A statement about something else, with other values."""
        other = dict(fact)
        key = rng.choice(self.keys) if rng.random() < 0.35 else self.keys[0]
        other[key] = change(self.slots[key], fact[key], rng)
        rest = [n for n in self.slots if n not in self.keys]
        if not rest or other[key] is None:
            return None
        must = "v" if "v" in rest else rng.choice(rest)
        for n in rest:
            kind, args, _ = self.slots[n]
            if kind == "lim" and rng.random() < 0.7:
                continue
            if n == must or rng.random() < 0.3:
                fresh = change(self.slots[n], fact[n], rng)
                if fresh is not None:
                    other[n] = fresh
        self._spread(other, rng)
        return other


def change(slot, value, rng: random.Random, close: bool = False):
    """Another value for the slot, or None when there is no other."""
    kind, args, _ = slot
    for _ in range(30):
        fresh = near(kind, args, value, rng) if close else draw(kind, args, rng)
        if fresh != value and not (kind == "ver" and fresh[:2] == value[:2] and 0 in (fresh + value)[2:]):
            if kind == "n" and fresh[0] <= 0:
                continue
            if kind == "lim" and {fresh, value} in ({"ge", "gt"}, {"le", "lt"}) and close and rng.random() < 0.4:
                continue
            return fresh
    return None


def _load() -> list[Relation]:
    out, head, lines = [], None, []
    for line in RELATIONS_TEXT.strip().splitlines() + ["@"]:
        if line.startswith("@"):
            if head:
                out.append(Relation(head, lines))
            head, lines = line[2:], []
        elif line.strip():
            lines.append(line)
    return out


RELATIONS = _load()
_BY_GROUP: dict[str, list[Relation]] = {}
_BY_KEY: dict[str, list[Relation]] = {}
for _r in RELATIONS:
    _BY_GROUP.setdefault(_r.group, []).append(_r)
    if _r.topic:
        _BY_KEY.setdefault(_r.slots["k"][0], []).append(_r)

# words that keep their capital letter inside a sentence
_PROPER = {w for values in LISTS.values() for _, en in values for w in en.split() if w[:1].isupper()}
_PROPER |= {p[1].split()[0] for p in _SURNAMES + _FOREIGN + _BRANDS} | set(_MONTHS)
_PROPER -= {"New"}

GROUP_NAMES = {
    "trip": ("출장", "Business travel"), "leave": ("휴가", "Leave"), "overtime": ("초과 근무", "Overtime"),
    "approval": ("전결 규정", "Approval authority"), "purchase": ("구매", "Purchasing"), "payment": ("대금 지급", "Payment"),
    "warranty": ("보증", "Warranty"), "security": ("정보 보안", "Information security"), "password": ("비밀번호", "Passwords"),
    "visitor": ("방문자 관리", "Visitors"), "hours": ("근무 시간", "Working hours"), "remote": ("재택근무", "Remote work"),
    "onboard": ("신규 입사", "Onboarding"), "training": ("교육", "Training"), "equipment": ("물품 관리", "Equipment"),
    "parking": ("주차 및 통근", "Parking and commuting"), "meals": ("식사", "Meals"), "health": ("건강 검진", "Medical check-ups"),
    "safety": ("안전 관리", "Safety"), "incident": ("사고 보고", "Incidents"), "sla": ("서비스 수준", "Service levels"),
    "support": ("고객 지원", "Customer support"), "spec": ("제품 사양", "Specifications"), "price": ("가격", "Prices"),
    "contract": ("계약", "Contracts"), "penalty": ("위약", "Penalties"), "retention": ("문서 보존", "Records"),
    "meeting": ("회의", "Meetings"), "org": ("조직", "Organization"), "sales": ("실적", "Sales results"),
    "schedule": ("일정", "Schedule"), "shipping": ("배송", "Shipping"), "refund": ("반품 및 환불", "Returns and refunds"),
    "backup": ("백업", "Backups"), "audit": ("감사", "Audit"), "hr": ("인사 평가", "Evaluation"),
    "benefit": ("복리후생", "Benefits"), "insurance": ("보험", "Insurance"), "scholarship": ("학자금", "Scholarships"),
    "certificate": ("자격증", "Certificates"), "software": ("소프트웨어", "Software"),
}

# ---------------------------------------------------------------- writing

Segment = list  # [text, slot or None]


def fill(template: str, fact: dict, slots: dict, lang: str, rng: random.Random, tag: str = "") -> list[Segment]:
    """The template as segments, each with the slot that it comes from."""
    template = re.sub(r"<([^<>]*)>", lambda m: rng.choice(m.group(1).split("^")), template)
    out: list[Segment] = []
    pos = 0
    for m in _TOKEN.finditer(template):
        if m.start() > pos:
            out.append([template[pos:m.start()], None])
        pos = m.end()
        body = m.group(1)
        if body in _PARTICLES:
            before = "".join(s[0] for s in out[-3:])
            out.append([particle(body, before), out[-1][1]])
            continue
        if "@" in body:
            limit, name = body.split("@")
            form = rng.choice((LIMIT_KO if lang == "ko" else LIMIT_EN)[fact[limit]])
            left, right = form.split("{}")
            if left:
                out.append([left, tag + limit])
            out.append([show(slots[name][0], fact[name], lang, rng), tag + name])
            if right:
                out.append([right, tag + limit])
            continue
        name, _, arg = body.partition("=")
        plural = name.endswith("+")
        name = name.rstrip("+")
        kind = slots[name][0]
        if kind == "alt":
            text = rng.choice(arg.split("|")[fact[name]].split("^"))
        elif kind == "mod":
            mode = fact[name]
            if lang == "ko":
                text = arg[:-1] + rng.choice(MODAL_KO[mode])
            elif plural:
                text = f"{rng.choice(MODAL_EN[mode])} {arg}".strip()
            else:
                word = {"must": ["shall", "must"], "may": ["may", "can"], "not": MODAL_EN["not"],
                        "need": ["need not"], "rec": ["should preferably", "should ideally"]}[mode]
                text = f"{rng.choice(word)} {arg}".strip()
        else:
            text = show(kind, fact[name], lang, rng)
        out.append([text, tag + name])
    if pos < len(template):
        out.append([template[pos:], None])
    return out


def _strip_end(segs: list[Segment]) -> None:
    while segs and not segs[-1][0]:
        segs.pop()
    segs[-1][0] = segs[-1][0].rstrip(".")
    if not segs[-1][0]:
        segs.pop()


def _set_style(segs: list[Segment], style: str) -> None:
    """Give a Korean statement its sentence end; the period is dropped before."""
    segs[-1][0] = ending(segs[-1][0], style)


def fill_extra(extra, lang: str, rng: random.Random) -> list[Segment]:
    """The words of an added detail."""
    index, values, turned = extra
    kind, ko, en, slots = _EXTRAS[index]
    form = (ko if lang == "ko" else en)[1 if turned else 0]
    segs = fill(form, values, parse_slots(slots), lang, rng)
    return [[text, "+"] for text, _ in segs]


def lower_first(segs: list[Segment]) -> None:
    """Take back the capital letter of a template that no longer starts the sentence."""
    for seg in segs:
        if seg[0]:
            word = seg[0].split(" ")[0]
            if word[:1].isupper() and (word[1:].islower() or len(word) == 1) and word not in _PROPER:
                seg[0] = seg[0][0].lower() + seg[0][1:]
            return


def statement(rel: Relation, fact: dict, lang: str, template: str, style: str, rng: random.Random, tag: str = "",
              extra=None) -> list[Segment]:
    """One statement without a final period (notes and questions keep theirs)."""
    segs = fill(template, fact, rel.slots, lang, rng, tag)
    if not template.endswith(".") or template.startswith("Q"):
        if len(segs) > 1 and segs[-1][0] == "." and segs[-2][0].endswith("."):
            segs.pop()
        return segs
    _strip_end(segs)
    kind = _EXTRAS[extra[0]][0] if extra else None
    if lang == "ko":
        if kind == "join":
            _set_style(segs, "join")
            tail = fill_extra(extra, lang, rng)
            _set_style(tail, style)
            segs = segs + [[rng.choice([", ", " "]), None]] + tail
        else:
            _set_style(segs, style)
            if kind:
                segs = fill_extra(extra, lang, rng) + [[rng.choice([" ", ", "]) if kind == "pre" else " ", None]] + segs
    elif kind == "join":
        segs = segs + [[rng.choice([", and ", "; "]), None]] + fill_extra(extra, lang, rng)
    elif kind == "cond" or kind and rng.random() < 0.6:
        segs = segs + [[", " if kind == "cond" or rng.random() < 0.5 else " ", None]] + fill_extra(extra, lang, rng)
    elif kind:
        lower_first(segs)
        segs = fill_extra(extra, lang, rng) + [[", ", None]] + segs
    if not segs[-1][0].endswith("."):
        segs.append([".", None])
    return segs


def text_of(segs: list[Segment], wrong: set[str] = frozenset()) -> tuple[str, list[list[int]]]:
    """The text of the segments and the spans of the whole words of the wrong slots."""
    segs = [s for s in segs if s[0]]
    first = segs[0][0]
    segs[0] = [first[0].upper() + first[1:], segs[0][1]]
    text = "".join(s[0] for s in segs)
    spans: list[list[int]] = []
    at = 0
    for piece, slot in segs:
        if slot in wrong:
            start, end = at, at + len(piece)
            while start < end and text[start].isspace():
                start += 1
            while start > 0 and not text[start - 1].isspace():
                start -= 1
            while end > start and text[end - 1].isspace():
                end -= 1
            while end < len(text) and not text[end].isspace():
                end += 1
            if spans and start <= spans[-1][1] + 1:
                spans[-1][1] = max(end, spans[-1][1])
            elif end > start:
                spans.append([start, end])
        at += len(piece)
    return text, spans


# ---------------------------------------------------------------- examples

class Evidence:
    """A statement that the premise makes: relation, values, which slots it speaks about, added detail."""

    __slots__ = ("rel", "fact", "said", "template", "extra")

    def __init__(self, rel, fact, said=None, template=None, extra=None):
        self.rel, self.fact, self.said, self.template, self.extra = rel, fact, said, template, extra


def judge(rel: Relation, fact: dict, said: set[str], evidence: list[Evidence]) -> str:
    """What the evidence says about the statement."""
    verdict = "neutral"
    for ev in evidence:
        if ev.rel is not rel or any(ev.fact[k] != fact[k] for k in rel.keys):
            continue
        differs = [n for n in said if n in ev.said and ev.fact[n] != fact[n]]
        if differs:
            verdict = "contradiction"
        elif said <= ev.said:
            return "entailment"
    return verdict


def _draw_extra(rel: Relation, rng: random.Random, kinds=("pre", "join")):
    options = [i for i, e in enumerate(_EXTRAS) if e[0] in kinds and (e[0] != "cond" or rel.group in _POLICY)]
    if not options:
        return None
    i = rng.choice(options)
    slots = parse_slots(_EXTRAS[i][3])
    return (i, {n: draw(k, a, rng) for n, (k, a, _) in slots.items()}, False)


def _pick_template(rel: Relation, lang: str, rng: random.Random, notes: float, within: set[str] | None = None,
                   needs: set[str] = frozenset()) -> str | None:
    pools = [(rel.templates[lang], 0.62), (rel.auto[lang], 0.38 - min(notes, 0.3)), (rel.note[lang], notes)]
    weighted = []
    for pool, weight in pools:
        fits = [t for t in pool if (within is None or slots_of(t) <= within) and needs <= slots_of(t)]
        if fits and weight > 0:
            weighted.append((fits, weight))
    if not weighted:
        return None
    pool = rng.choices([w[0] for w in weighted], [w[1] for w in weighted])[0]
    return rng.choice(pool)


_LEAD_KO = ["규정에 따르면 ", "문서에 따르면, ", "자료에 따르면 ", "안내문에 따르면 ", "확인 결과, "]
_LEAD_EN = ["According to the document, ", "Under the policy, ", "The document says that ", "As stated, ", "According to the records, "]


def _style(rng: random.Random, claim: bool) -> str:
    return rng.choices(["polite", "plain", "noun"], [0.65, 0.22, 0.13] if claim else [0.38, 0.42, 0.2])[0]


def _cell(segs: list[Segment]) -> str:
    text = "".join(s[0] for s in segs)
    text = re.sub(r"^the ", "", text)
    return text[0].upper() + text[1:]


def _table(rel: Relation, rows: list[dict], second, lang: str, rng: random.Random) -> str:
    """Rows of 'cell | cell' with a header row; second is (relation, facts) of one more column."""
    side = 0 if lang == "ko" else 1
    key = HEADS.get(rel.slots["k"][0], ("구분", "Item"))[side]
    head = [key, _cell(fill(rel.topic[side], rows[0], rel.slots, lang, rng))]
    lines = [[_cell(fill("{k}", r, rel.slots, lang, rng)), _cell(fill(rel.value[side], r, rel.slots, lang, rng))] for r in rows]
    if second:
        rel2, facts = second
        head.append(_cell(fill(rel2.topic[side], facts[0], rel2.slots, lang, rng)))
        for line, f in zip(lines, facts):
            line.append(_cell(fill(rel2.value[side], f, rel2.slots, lang, rng)))
    elif rng.random() < 0.25:
        head.append(("비고", "Notes")[side])
        for line in lines:
            line.append(rng.choice(["-", "", ("해당 없음", "n/a")[side]]))
    body = [" | ".join(head)]
    if rng.random() < 0.3:
        body.append(" | ".join("---" for _ in head))
    body += [" | ".join(line).rstrip() for line in lines]
    if rng.random() < 0.4:
        body = ["| " + b + " |" for b in body]
    return "\n".join(body)


def _premise(evidence: list[Evidence], table: str | None, lang: str, rng: random.Random) -> str:
    side = 0 if lang == "ko" else 1
    style = _style(rng, False)
    parts = []
    for ev in evidence:
        if ev.template is None:
            continue
        use = style if rng.random() < 0.9 else _style(rng, False)
        parts.append(text_of(statement(ev.rel, ev.fact, lang, ev.template, use, rng, extra=ev.extra))[0])
    rng.shuffle(parts)
    layout = rng.random()
    if layout < 0.55 or len(parts) < 2:
        body = " ".join(p if p[-1] in ".?" else p + "." for p in parts) if len(parts) > 1 else "".join(parts)
        if layout > 0.5 and parts:
            body = rng.choice(["• ", "- ", "1. ", "※ "]) + body
    elif layout < 0.7:
        body = "\n".join(parts)
    elif layout < 0.85:
        body = "\n".join(rng.choice(["- "]) + p for p in parts)
    else:
        start = rng.randrange(1, 9)
        mark = rng.choice(["{}. ", "({}) ", "{}) ", "①"])
        body = "\n".join((mark.format(start + i) if "{" in mark else "①②③④⑤"[min(i, 4)] + " ") + p for i, p in enumerate(parts))
    if table:
        body = rng.choice([table + "\n" + body, body + "\n" + table]) if body else table
    if rng.random() < 0.3:
        name = GROUP_NAMES[evidence[0].rel.group][side]
        number = rng.randrange(1, 40)
        heads = [f"제{number}조({name})", f"[{name}]", f"{number % 9 + 1}. {name}", f"■ {name} 안내", f"{name} FAQ" if "Q." in body else f"# {name}", f"회의록 - {name}" if evidence[0].rel.group == "meeting" else f"{name} 기준"] if lang == "ko" else \
                [f"Article {number} ({name})", f"[{name}]", f"{number % 9 + 1}. {name}", f"{name} guide", f"# {name}", f"{name} - minutes" if evidence[0].rel.group == "meeting" else f"{name} rules"]
        body = rng.choice(heads) + rng.choice(["\n", "\n", " "]) + body
    return body.strip()


# relations that speak about the same fact; they never meet in one example
_OVERLAPS = [{"approval limit", "approval ceiling"}, {"price list", "price vat"}, {"benefit perk", "benefit care"},
             {"training hours", "training target"}, {"org move", "org head"}, {"retention period", "retention destroy"}]


def _overlap(a: Relation, b: Relation) -> bool:
    return any({f"{a.group} {a.name}", f"{b.group} {b.name}"} <= pair for pair in _OVERLAPS)


def _suits(rel: Relation, op: str) -> bool:
    """Whether a claim of the op can be made about the relation."""
    free = {n: s for n, s in rel.slots.items() if n not in rel.keys}
    if op in ("alt_other", "modality"):
        return any(s[0] == "mod" if op == "modality" else s[0] == "alt" for s in free.values())
    if op in ("negation", "antonym", "condition", "quantifier", "tense"):
        return any(s[0] == "alt" and s[1][1] == op for s in free.values())
    if op == "limit":
        return any(s[0] == "lim" or s[0] == "alt" and s[1][1] == "limit" for s in free.values())
    if op == "unit":
        return any(s[0] == "n" and UNITS[s[1][3]][3] or s[0] == "alt" and s[1][1] == "unit" for s in free.values())
    if op == "entity":
        return any(s[0] in LISTS or s[0] in ("person", "product") for s in free.values())
    if op == "swap":
        return bool(rel.swap)
    if op == "cond":
        return rel.group in _POLICY
    if op == "two_fact":
        return bool(rel.topic)
    if op == "compare":
        return bool(_compare_words(rel, "ko"))
    return True


_SUITING: dict[str, list[Relation]] = {}


def _scene(rng: random.Random, op: str):
    """Evidence around one statement of interest: (target, all evidence, table or None as a spec)."""
    if op not in _SUITING:
        _SUITING[op] = [r for r in RELATIONS if _suits(r, op)]
    rel = rng.choice(_SUITING[op])
    fact = rel.draw(rng)
    evidence = [Evidence(rel, fact)]
    many = rng.random()
    wanted = 0 if many < 0.33 else 1 if many < 0.78 else 2
    for _ in range(wanted):
        sib = rel.sibling(fact, rng)
        if sib and all(any(sib[k] != e.fact[k] for k in rel.keys) for e in evidence):
            evidence.append(Evidence(rel, sib))
    spec = None
    if rel.topic and (rng.random() < (0.35 if len(evidence) > 1 else 0.08)):
        rows = [e for e in evidence if all(e.fact[n] == fact[n] for n in rel.topic_slots)]
        for e in rows:
            e.said = {"k"} | rel.topic_slots | rel.value_slots
        second = None
        others = [r for r in _BY_KEY.get(rel.slots["k"][0], []) if r is not rel and r.group == rel.group] or \
                 [r for r in _BY_KEY.get(rel.slots["k"][0], []) if r is not rel]
        others = [r for r in others if not _overlap(r, rel)]
        if others and rng.random() < 0.5:
            rel2 = rng.choice(others)
            base = rel2.draw(rng)
            facts = []
            for e in rows:
                f = dict(base) if not facts else (rel2.sibling(base, rng) or dict(base))
                for n in rel2.topic_slots:
                    f[n] = base[n]
                f["k"] = e.fact["k"]
                facts.append(f)
                extra_ev = Evidence(rel2, f, {"k"} | rel2.topic_slots | rel2.value_slots)
                evidence.append(extra_ev)
            second = (rel2, facts)
        order = list(range(len(rows)))
        rng.shuffle(order)
        spec = (rel, [rows[i].fact for i in order], (second[0], [second[1][i] for i in order]) if second else None)
    room = 4 - len(evidence)
    for _ in range(min(room, rng.choice([0, 0, 1, 1, 2]))):
        pool = _BY_GROUP[rel.group] if rng.random() < 0.6 else RELATIONS
        other = rng.choice(pool)
        if other is rel:
            continue
        if any(e.rel is other or _overlap(e.rel, other) for e in evidence):
            continue
        evidence.append(Evidence(other, other.draw(rng)))
    return evidence, spec


_FACT_OPS = {
    "value": 13, "unit": 4, "binding": 14, "key": 12, "modality": 6, "negation": 5, "antonym": 5, "condition": 4,
    "quantifier": 3, "tense": 3, "alt_other": 3, "limit": 6, "entity": 7, "swap": 3, "extra": 12, "extra_changed": 3, "cond": 4,
    "two_fact": 7, "compare": 4, "two_statements": 6, "same_topic": 12, "other_topic": 6,
}
_RIGHT_OPS = ["paraphrase"] * 12 + ["same"] * 3 + ["extra"] * 2 + ["cond"] + ["two_fact"] * 2 + ["compare"] + ["two_statements"] * 2


def _compare_words(rel: Relation, lang: str) -> tuple[str, str] | None:
    kind, args, _ = rel.slots.get("v", (None, [], False))
    if not rel.topic or rel.value[0] != "{v}":
        return None
    if kind in ("money", "usd"):
        return ("높다", "낮다") if lang == "ko" else ("higher", "lower")
    if kind != "n":
        return None
    unit = args[3]
    if unit in ("day", "bday", "week", "month", "year", "hour", "minute"):
        if any(w in rel.topic[0] for w in ("일수", "한도", "이수 시간")):
            return ("많다", "적다") if lang == "ko" else ("higher", "lower")
        return ("길다", "짧다") if lang == "ko" else ("longer", "shorter")
    if unit in ("person", "unit", "point", "item"):
        return ("많다", "적다") if lang == "ko" else ("higher", "lower")
    if unit == "kg":
        return ("무겁다", "가볍다") if lang == "ko" else ("higher", "lower")
    return ("높다", "낮다") if lang == "ko" else ("higher", "lower")


def _polite_irregular(word: str, style: str) -> str:
    if word in ("무겁다", "가볍다") and style == "polite":
        return word[:-1] + "습니다"
    return ending(word, style)


_ALT_OPS = ("modality", "limit", "negation", "antonym", "condition", "quantifier", "tense", "alt_other")


def _alter(rel: Relation, fact: dict, said: set[str], op: str, evidence: list[Evidence], rng: random.Random):
    """The statement with one thing wrong: (values, changed slots, name of the change) or None."""
    fact = dict(fact)
    slots = rel.slots
    if op == "value":
        names = [n for n in sorted(said) if n not in rel.keys and slots[n][0] in
                 ("money", "usd", "n", "date", "mday", "dom", "month", "clock", "year", "quarter", "ver", "int", "pick")]
        if not names:
            return None
        n = rng.choice(names)
        fresh = change(slots[n], fact[n], rng, True)
        if fresh is None:
            return None
        fact[n] = fresh
        kind = slots[n][0]
        return fact, {n}, "value_date" if kind in ("date", "month", "dom", "quarter", "year") else "value_time" if kind == "clock" else "value"
    if op == "unit":
        names = [n for n in said if n not in rel.keys and
                 (slots[n][0] == "n" and UNITS[slots[n][1][3]][3] or slots[n][0] == "alt" and slots[n][1][1] == "unit")]
        if not names:
            return None
        n = rng.choice(sorted(names))
        if slots[n][0] == "alt":
            fact[n] = change(slots[n], fact[n], rng)
            return fact, {n}, "unit"
        number, unit = fact[n]
        options = [u for u in UNITS[unit][3].split() if u in UNITS]
        fact[n] = (number, rng.choice(options))
        return fact, {n}, "unit"
    if op == "binding":
        sibs = [e for e in evidence if e.rel is rel and e.fact is not fact]
        sibs = [e for e in sibs if any(e.fact[k] != fact[k] for k in rel.keys)]
        if not sibs:
            return None
        sib = rng.choice(sibs)
        if rng.random() < 0.5:  # the value of the sibling
            names = [n for n in sorted(said & sib.said) if n not in rel.keys and sib.fact[n] != fact[n]]
            if not names:
                return None
            for n in names:
                fact[n] = sib.fact[n]
            return fact, set(names), "binding_value"
        changed = {k for k in rel.keys if sib.fact[k] != fact[k]}
        for k in changed:
            fact[k] = sib.fact[k]
        return fact, changed, "binding_key"
    if op == "key":
        n = rng.choice(rel.keys)
        fresh = change(slots[n], fact[n], rng, True)
        if fresh is None or n not in said:
            return None
        fact[n] = fresh
        return fact, {n}, "key_" + (slots[n][0] if slots[n][0] != "alt" else slots[n][1][1])
    if op in _ALT_OPS:
        free = sorted(said - set(rel.keys))
        if op == "modality":
            names = [n for n in free if slots[n][0] == "mod"]
        elif op == "limit":
            names = [n for n in free if slots[n][0] == "lim" or slots[n][0] == "alt" and slots[n][1][1] == "limit"]
        elif op == "alt_other":
            names = [n for n in free if slots[n][0] in ("alt", "mod")]
        else:
            names = [n for n in free if slots[n][0] == "alt" and slots[n][1][1] == op]
        if not names:
            return None
        n = rng.choice(names)
        fresh = change(slots[n], fact[n], rng, True)
        if fresh is None:
            return None
        fact[n] = fresh
        return fact, {n}, "modality" if slots[n][0] == "mod" else "limit" if slots[n][0] == "lim" else slots[n][1][1]
    if op == "entity":
        names = [n for n in sorted(said) if n not in rel.keys and (slots[n][0] in LISTS or slots[n][0] in ("person", "product"))]
        if not names:
            return None
        n = rng.choice(names)
        used = [fact[m] for m in slots if slots[m][0] == slots[n][0]]
        fresh = change(slots[n], fact[n], rng, True)
        if fresh is None or fresh in used:
            return None
        fact[n] = fresh
        return fact, {n}, "entity_" + slots[n][0]
    if op == "swap":
        if not rel.swap or not set(rel.swap) <= said:
            return None
        a, b = rel.swap
        fact[a], fact[b] = fact[b], fact[a]
        return fact, {a, b}, "swap"
    return None


def _lead(segs: list[Segment], lang: str, rng: random.Random) -> list[Segment]:
    if rng.random() < 0.1:
        if lang == "en":
            lower_first(segs)
        return [[rng.choice(_LEAD_KO if lang == "ko" else _LEAD_EN), None]] + segs
    return segs


def _example(rng: random.Random, right: bool, op: str) -> dict | None:
    roll = rng.random()
    p_lang, c_lang = ("ko", "ko") if roll < 0.42 else ("en", "en") if roll < 0.76 else ("en", "ko") if roll < 0.88 else ("ko", "en")
    evidence, spec = _scene(rng, op)
    target = evidence[0]
    if op in ("binding", "two_fact", "compare") and not any(e.rel is target.rel for e in evidence[1:]):
        if not (op == "compare" or op == "two_fact") or target.rel.topic:
            sib = target.rel.sibling(target.fact, rng)
            if sib:
                evidence.insert(1, Evidence(target.rel, sib))
    with_cond = op == "cond"
    for ev in evidence:
        if ev.said is None:
            notes = 0.12 if not with_cond and not (op.startswith("extra") and ev is target) else 0.0
            ev.template = _pick_template(ev.rel, p_lang, rng, notes)
            ev.said = slots_of(ev.template)
            sentence = ev.template.endswith(".") and not ev.template.startswith("Q")
            if sentence and rng.random() < 0.18 and not with_cond:
                ev.extra = _draw_extra(ev.rel, rng)
    if len(evidence) > 5:
        return None
    if spec is not None or rng.random() < 0.5:
        candidates = [e for e in evidence if e.rel is target.rel or rng.random() < 0.3]
        if op in ("value", "binding", "key", "same", "paraphrase", "two_statements", "same_topic"):
            target = rng.choice(candidates)
    rel = target.rel
    style = _style(rng, True)
    label = None
    extra = None
    name = op

    if with_cond or op.startswith("extra"):
        if target.template is None:
            return None
        if with_cond:
            target.extra = _draw_extra(rel, rng, ("cond",))
            if target.extra is None:
                return None
        elif op == "extra_changed" or right:
            target.extra = _draw_extra(rel, rng)
        elif rng.random() < 0.7:
            target.extra = None

    wrong: set[str] = set()
    if op in ("same_topic", "other_topic"):
        pool = [r for r in (_BY_GROUP[rel.group] if op == "same_topic" else RELATIONS)
                if all(e.rel is not r and not _overlap(e.rel, r) for e in evidence) and (op == "same_topic" or r.group != rel.group)]
        if not pool:
            return None
        rel = rng.choice(pool)
        fact = rel.draw(rng)
        for k in rel.keys:  # speak about the same things where the kinds agree
            for e in evidence:
                for n, (kind, args, _) in e.rel.slots.items():
                    if kind == rel.slots[k][0] and kind not in ("alt", "n", "money") and n in e.said and rng.random() < 0.7:
                        fact[k] = e.fact[n]
        template = _pick_template(rel, c_lang, rng, 0.04)
        segs = statement(rel, fact, c_lang, template, style, rng)
        label = "neutral"
        hypothesis, _ = text_of(segs)
        premise = _premise(evidence, _render(spec, p_lang, rng), p_lang, rng)
        known = set(re.findall(r"[\w%]+", premise.lower()))
        spans = []
        for m in re.finditer(r"\S+", hypothesis):
            words = re.findall(r"[\w%]+", m.group().lower())
            if not words or all(w in known for w in words):
                continue
            if spans and m.start() == spans[-1][1] + 1:
                spans[-1][1] = m.end()
            else:
                spans.append([m.start(), m.end()])
        return _pack(p_lang, c_lang, premise, hypothesis, label, spans or [[0, len(hypothesis)]], name)

    if op in ("two_fact", "compare"):
        pair = [e for e in evidence if e.rel is rel and e is not target and "k" in rel.slots and e.fact["k"] != target.fact["k"] and rel.topic
                and all(e.fact[n] == target.fact[n] for n in rel.topic_slots)
                and {"k"} | rel.topic_slots | rel.value_slots <= e.said]
        if not pair or not ({"k"} | rel.topic_slots | rel.value_slots) <= target.said:
            return None
        other = rng.choice(pair)
        side = 0 if c_lang == "ko" else 1
        f1, f2 = dict(target.fact), dict(other.fact)
        if rng.random() < 0.5:
            f1, f2 = f2, f1
        values = rel.value_slots
        topic, value, prep = rel.topic[side], rel.value[side], rel.prep
        if op == "compare":
            words = _compare_words(rel, c_lang)
            if not words or f1["v"] == f2["v"]:
                return None
            more = f1["v"] > f2["v"]
            word = words[0 if more == right else 1]
            if not right:
                wrong.add("cmp")
            if c_lang == "ko":
                segs = fill("{k}의 %s{은} " % topic, f1, rel.slots, c_lang, rng) + fill("{k}보다 ", f2, rel.slots, c_lang, rng)
                segs += [[_polite_irregular(word, style), "cmp"], [".", None]]
            else:
                segs = fill("The %s %s {k} is " % (topic, prep), f1, rel.slots, c_lang, rng)
                segs += [[word, "cmp"]] + fill(" than that %s {k}." % prep, f2, rel.slots, c_lang, rng)
            label = "entailment" if right else "contradiction"
        else:
            differ = [n for n in values if f1[n] != f2[n]]
            if not differ:
                return None
            if not right:
                how = rng.choice(["swap", "swap", "value", "key"])
                if how == "swap":
                    for n in differ:
                        f1[n], f2[n] = f2[n], f1[n]
                        wrong |= {"a." + n, "b." + n}
                    name = "two_fact_swap"
                elif how == "value":
                    names = [n for n in sorted(values) if rel.slots[n][0] in ("money", "n", "usd", "clock", "dom")]
                    if not names:
                        return None
                    n = rng.choice(names)
                    fresh = change(rel.slots[n], f2[n], rng, True)
                    if fresh is None:
                        return None
                    f2[n] = fresh
                    wrong = {"b." + n}
                    name = "two_fact_value"
                else:
                    fresh = change(rel.slots["k"], f2["k"], rng, True)
                    if fresh is None or fresh == f1["k"]:
                        return None
                    f2["k"] = fresh
                    wrong = {"b.k"}
                    name = "two_fact_key"
            said = {"k"} | rel.topic_slots | values
            verdicts = [judge(rel, f, said, evidence) for f in (f1, f2)]
            label = "contradiction" if "contradiction" in verdicts else "neutral" if "neutral" in verdicts else "entailment"
            if c_lang == "ko":
                form = rng.randrange(3)
                if form == 0:
                    segs = fill("%s{은} {k}{이} %s, " % (topic, value), f1, rel.slots, "ko", rng, "a.") + fill("{k}{이} %s이다" % value, f2, rel.slots, "ko", rng, "b.")
                elif form == 1:
                    segs = fill("{k}의 %s{은} %s이고, " % (topic, value), f1, rel.slots, "ko", rng, "a.") + fill("{k}{은} %s이다" % value, f2, rel.slots, "ko", rng, "b.")
                else:
                    segs = fill("%s{은} {k}의 경우 %s, " % (topic, value), f1, rel.slots, "ko", rng, "a.") + fill("{k}의 경우 %s이다" % value, f2, rel.slots, "ko", rng, "b.")
                _set_style(segs, style)
                segs.append([".", None])
            else:
                form = rng.randrange(2)
                if form == 0 and prep == "for":
                    segs = fill("The %s is %s %s {k} and " % (topic, value, prep), f1, rel.slots, "en", rng, "a.") + fill("%s %s {k}." % (value, prep), f2, rel.slots, "en", rng, "b.")
                else:
                    segs = fill("The %s %s {k} is %s, " % (topic, prep, value), f1, rel.slots, "en", rng, "a.") + [[rng.choice(["while it is ", "and it is "]), None]] + fill("%s %s {k}." % (value, prep), f2, rel.slots, "en", rng, "b.")
    elif op == "two_statements":
        others = [e for e in evidence if e is not target]
        if not others:
            return None
        other = rng.choice(others)
        t1 = _pick_template(rel, c_lang, rng, 0, target.said)
        t2 = _pick_template(other.rel, c_lang, rng, 0, other.said)
        if t1 is None or t2 is None:
            return None
        f1, f2, tags = target.fact, other.fact, "b."
        label = "entailment"
        if not right:
            which = rng.randrange(2)
            r, f, t, tag = ((rel, f1, t1, "a."), (other.rel, f2, t2, "b."))[which]
            got = None
            for sub in rng.sample(["value", "alt_other", "entity", "binding", "limit", "key"], 6):
                got = _alter(r, f, slots_of(t), sub, evidence, rng)
                if got:
                    break
            if not got:
                return None
            new, changed, sub = got
            label = judge(r, new, slots_of(t), evidence)
            wrong = {tag + n for n in changed}
            name = "two_statements_" + sub
            f1, f2 = (new, f2) if which == 0 else (f1, new)
        s1 = statement(rel, f1, c_lang, t1, "join" if c_lang == "ko" else "plain", rng, "a.")
        s2 = statement(other.rel, f2, c_lang, t2, style, rng, "b.")
        if c_lang == "ko":
            segs = s1[:-1] + [[rng.choice([", ", " "]), None]] + s2
        else:
            lower_first(s2)
            if s1[-1][0] == ".":
                s1 = s1[:-1]
            segs = s1 + [[rng.choice([", and ", "; ", ", while "]), None]] + s2
    else:
        fact = target.fact
        changed: set[str] = set()
        template = None
        for _ in range(6):
            if op == "same" and p_lang == c_lang and target.template and "Q" != target.template[0]:
                template = target.template
            else:
                template = _pick_template(rel, c_lang, rng, 0.04 if not (with_cond or op.startswith("extra")) else 0, target.said)
            if template is None:
                return None
            if op in ("paraphrase", "same", "extra", "extra_changed", "cond"):
                break
            got = _alter(rel, fact, slots_of(template), op, evidence, rng)
            if got:
                fact, changed, name = got
                break
        else:
            return None
        said = slots_of(template)
        sentence = template.endswith(".")
        label = judge(rel, fact, said, evidence)
        if op == "swap":
            label = "contradiction"
        if right:
            if label != "entailment":
                return None
            if sentence and target.extra and (with_cond or rng.random() < 0.7 or op == "extra"):
                extra = target.extra
            if with_cond and not sentence:
                return None
            name = "cond_kept" if with_cond else "extra_kept" if op == "extra" else op
        elif op == "extra":
            old = target.extra
            extra = _draw_extra(rel, rng)
            if not sentence or old and _EXTRAS[old[0]][0] == _EXTRAS[extra[0]][0] and old[0] == extra[0]:
                return None
            label, wrong, name = "neutral", {"+"}, "extra_invented"
        elif op == "extra_changed":
            index, values, _ = target.extra
            slots = parse_slots(_EXTRAS[index][3])
            if not slots or not sentence:
                return None
            n = rng.choice(list(slots))
            fresh = change(slots[n], values[n], rng, True)
            if fresh is None:
                return None
            extra = (index, {**values, n: fresh}, False)
            label, wrong = "neutral" if "똑같이" in _EXTRAS[index][1][0] else "contradiction", {"+"}
        elif with_cond:
            if not sentence:
                return None
            if rng.random() < 0.75:
                extra = (*target.extra[:2], True)
                label, wrong, name = "contradiction", {"+"}, "cond_turned"
            else:
                label, name = "neutral", "cond_dropped"
        elif target.extra and sentence and rng.random() < 0.5:
            extra = target.extra
        if changed:
            wrong = set(changed)
        segs = statement(rel, fact, c_lang, template, style, rng, extra=extra)
        if name == "cond_dropped":
            rest = [s for s in segs if s[1] is None and s[0].strip(" .")]
            if not rest:
                return None
            segs[-2][1] = "+"
            wrong = {"+"}
    if right != (label == "entailment"):
        return None
    if segs[-1][0] == "." and not (wrong and "+" in wrong and c_lang == "en"):
        segs = _lead(segs, c_lang, rng)
    hypothesis, spans = text_of(segs, wrong)
    if hypothesis.endswith(".") and rng.random() < 0.06:
        hypothesis = hypothesis[:-1]
        if spans and spans[-1][1] > len(hypothesis):
            spans[-1][1] = len(hypothesis)
    premise = _premise(evidence, _render(spec, p_lang, rng), p_lang, rng)
    if not right and not spans:
        return None
    return _pack(p_lang, c_lang, premise, hypothesis, label, spans, name)


def _render(spec, lang: str, rng: random.Random) -> str | None:
    return _table(*spec, lang, rng) if spec else None


def _pack(p_lang, c_lang, premise, hypothesis, label, spans, op) -> dict:
    lang = p_lang if p_lang == c_lang else f"{c_lang}-{p_lang}"
    return {"lang": lang, "premise": premise, "hypothesis": hypothesis, "label": label, "wrong": spans, "op": op}


def generate(seed: int, count: int) -> Iterator[dict]:
    """``count`` examples; the same seed gives the same examples."""
    rng = random.Random(seed)
    made = 0
    names, weights = list(_FACT_OPS), list(_FACT_OPS.values())
    while made < count:
        right = rng.random() < 0.46
        op = rng.choice(_RIGHT_OPS) if right else rng.choices(names, weights)[0]
        for _ in range(40):
            example = _example(rng, right, op)
            if example is not None:
                made += 1
                yield example
                break


if __name__ == "__main__":
    import sys

    for item in generate(int(sys.argv[1]) if len(sys.argv) > 1 else 0, 40):
        marked = item["hypothesis"]
        for start, end in reversed(item["wrong"]):
            marked = f"{marked[:start]}[{marked[start:end]}]{marked[end:]}"
        print(f"--- {item['lang']} {item['label']} {item['op']}\n{item['premise']}\n=> {marked}")
