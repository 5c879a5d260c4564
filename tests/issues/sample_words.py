"""What the sample issue says, by language."""

Texts = dict[str, dict[str, str]]

OPENING: Texts = {
    "en": {
        "subject": "A second chance, and the new priorities",
        "preheader": "Ten resources in three languages, one hotline, and a call on December 2.",
        "title": "New tools and knowledge for the field",
        "body": "Dear [[name|friend]],\n\nevery month we gather what the network has learned and built, so that you "
        "can put it to work.\n\nThis month: a second chance for everyone, what the **deportation priorities** mean "
        "from November 29, and a video series that asks how we got here.",
    },
    "es": {
        "subject": "Una segunda oportunidad y las prioridades",
        "preheader": "Diez recursos en tres idiomas, una línea de ayuda y una llamada el 2 de diciembre.",
        "title": "Nuevas herramientas y saberes para el movimiento",
        "body": "Hola, [[name|compañera o compañero]]:\n\nCada mes reunimos lo que la red ha aprendido y creado para "
        "que usted pueda usarlo.\n\nEste mes: una segunda oportunidad para todas las personas, qué significan las "
        "**prioridades de deportación** desde el 29 de noviembre, y una serie de videos que pregunta cómo llegamos "
        "hasta aquí.",
    },
    "vi": {
        "subject": "Cơ hội thứ hai, và những ưu tiên mới",
        "preheader": "Mười tài liệu bằng ba ngôn ngữ, một đường dây nóng và buổi họp ngày 2 tháng 12.",
        "title": "Công cụ và kiến thức mới cho phong trào",
        "body": "Kính gửi [[name|quý bạn]],\n\nMỗi tháng chúng tôi gom lại những gì mạng lưới đã học và đã làm để quý "
        "vị có thể dùng ngay.\n\nTháng này: cơ hội thứ hai cho tất cả mọi người, **những ưu tiên trục xuất** có nghĩa "
        "gì kể từ ngày 29 tháng 11, và một loạt video hỏi vì sao chúng ta đến nông nỗi này.",
    },
    "ar": {
        "subject": "فرصة ثانية، وماذا تعني الأولويات الجديدة",
        "preheader": "عشرة موارد بثلاث لغات وخط ساخن واحد ولقاء في 2 ديسمبر.",
        "title": "أدوات ومعارف جديدة للعاملين في الميدان",
        "body": "مرحبًا [[name|صديقنا العزيز]]،\n\nنجمع كل شهر ما تعلمته الشبكة وما أنجزته لتستفيدوا منه في عملكم."
        "\n\nفي هذا العدد: فرصة ثانية للجميع، ومعنى **أولويات الترحيل** ابتداءً من 29 نوفمبر، وسلسلة مرئية تسأل: "
        "كيف وصلنا إلى هنا؟",
    },
}

SECOND_CHANCES: Texts = {
    "en": {"title": "Second chances", "body": "Re-entry, records, and the right to rebuild a life."},
    "es": {
        "title": "Segundas oportunidades",
        "body": "La reinserción, los antecedentes y el derecho a rehacer la vida.",
    },
    "vi": {"title": "Cơ hội thứ hai", "body": "Tái hòa nhập, tiền án và quyền xây lại cuộc đời."},
    "ar": {"title": "فرص ثانية", "body": "العودة إلى المجتمع والسجلات والحق في بناء حياة جديدة."},
}

CHANCE: Texts = {
    "en": {
        "title": "Immigrants Deserve a Second Chance",
        "link": "https://example.org/resources/1/",
        "body": "Who comes home from prison starts again with little. For immigrants a second punishment may follow: "
        "detention and deportation. What a real second chance would ask of Congress and of the states.",
    },
    "es": {
        "title": "Las personas inmigrantes merecen una segunda oportunidad",
        "body": "Quien sale de la cárcel vuelve a empezar con poco. A las personas inmigrantes puede esperarles un "
        "segundo castigo: la detención y la deportación. Qué exigiría una verdadera segunda oportunidad.",
    },
    "vi": {
        "title": "Người nhập cư xứng đáng có cơ hội thứ hai",
        "body": "Người rời nhà tù phải bắt đầu lại với hai bàn tay trắng. Với người nhập cư, hình phạt thứ hai có thể "
        "chờ sẵn: bị giam giữ và trục xuất. Một cơ hội thứ hai thật sự đòi hỏi những gì.",
    },
    "ar": {
        "title": "المهاجرون يستحقون فرصة ثانية",
        "body": "من يخرج من السجن يبدأ من جديد بالقليل. وقد تنتظر المهاجرين عقوبة ثانية: الاحتجاز والترحيل. ما الذي "
        "تتطلبه فرصة ثانية حقيقية من الكونغرس والولايات.",
    },
}

FOR_ALL: Texts = {
    "en": {
        "title": "A Second Chance for All",
        "link": "https://example.org/resources/4/",
        "body": "One in three adults carries a record, and it follows them to work, school and home. The report counts "
        "what that costs and shows five reforms that states have already tried.",
    },
    "es": {
        "title": "Una segunda oportunidad para todas las personas",
        "body": "Una de cada tres personas adultas tiene antecedentes, y estos la siguen al trabajo, a la escuela y a "
        "casa. El informe calcula el costo y muestra cinco reformas ya probadas.",
    },
}

HOW: Texts = {
    "en": {
        "title": "“How Did We Get Here?” Video Series",
        "link": "https://example.org/resources/5/",
        "body": "Four short films on how immigration and criminal law grew together, from the first border statutes to "
        "today’s detention system. Good to open a workshop with.",
    },
    "vi": {
        "title": "Loạt video “Vì sao chúng ta đến nông nỗi này?”",
        "body": "Bốn phim ngắn kể luật di trú và luật hình sự đã gắn vào nhau ra sao, từ những đạo luật biên giới đầu "
        "tiên đến hệ thống giam giữ ngày nay. Rất hợp để mở đầu một buổi tập huấn.",
    },
    "ar": {
        "title": "سلسلة مرئية: «كيف وصلنا إلى هنا؟»",
        "body": "أربعة أفلام قصيرة عن تشابك قانون الهجرة والقانون الجنائي، من أول قوانين الحدود "
        "إلى نظام الاحتجاز اليوم.",
    },
}

PRIORITIES: Texts = {
    "en": {
        "title": "Deportation priorities, explained",
        "body": "The same text in three languages: share the one your community reads.",
    },
    "es": {
        "title": "Las prioridades de deportación, explicadas",
        "body": "El mismo texto en tres idiomas: comparta el que lee su comunidad.",
    },
    "vi": {
        "title": "Giải thích những ưu tiên trục xuất",
        "body": "Cùng một văn bản bằng ba ngôn ngữ: hãy chia sẻ bản mà cộng đồng quý vị đọc.",
    },
    "ar": {"title": "شرح أولويات الترحيل", "body": "النص نفسه بثلاث لغات: شاركوا ما يقرؤه مجتمعكم."},
}

MEMO: Texts = {
    "en": {
        "title": "DHS Deportation Priorities Memo Explainer",
        "link": "https://example.org/resources/10/",
        "body": "From November 29 a new memo says whom the Department of Homeland Security seeks first. Who is meant, "
        "what officers may weigh, and what advocates can ask for in each case.",
    },
    "es": {
        "title": "Informe: Memorando de las Prioridades de Deportación",
        "link": "https://example.org/resources/9/",
        "body": "Desde el 29 de noviembre un nuevo memorando dice a quién busca primero el Departamento de Seguridad "
        "Nacional. A quién se refiere, qué pueden valorar los agentes y qué se puede pedir en cada caso.",
    },
    "vi": {
        "title": "Giải thích công văn về những ưu tiên trục xuất",
        "link": "https://example.org/resources/7/",
        "body": "Từ ngày 29 tháng 11, một công văn mới cho biết Bộ An Ninh Nội Địa tìm ai trước. Ai thuộc diện này, "
        "nhân viên được cân nhắc những gì, và người bênh vực có thể yêu cầu gì trong từng hồ sơ.",
    },
}

PROPOSAL: Texts = {
    "en": {
        "title": "What is the Immigration Proposal in the House Build Back Better Bill? (Work Permits, "
        "Parole, Plan C)? What are its Limitations?",
        "link": "https://example.org/resources/8/",
        "body": "The bill offers parole and work permits to some people without status, and leaves others out. A "
        "plain reading of who would qualify:\n\n- people who came before 2011,\n- for five years, renewable once,\n"
        "- without a path to citizenship.",
    },
}

RIGHTS_LINE: Texts = {
    "en": {
        "title": "Someone was taken? Call the rapid response line.",
        "phone": "1-888-555-0142",
        "hours": "Every day, 6 a.m. to 9 p.m. Pacific",
        "body": "Volunteers answer in English, Spanish and Vietnamese. They do not ask about your status.",
    },
    "es": {
        "title": "¿Detuvieron a alguien? Llame a la línea de respuesta rápida.",
        "phone": "1-888-555-0142",
        "hours": "Todos los días, de 6:00 a 21:00, hora del Pacífico",
        "body": "Contestan personas voluntarias en inglés, español y vietnamita. No preguntan por su estatus.",
    },
    "vi": {
        "title": "Có người bị bắt? Hãy gọi đường dây ứng phó nhanh.",
        "phone": "1-888-555-0142",
        "hours": "Mỗi ngày, từ 6 giờ sáng đến 9 giờ tối, giờ Thái Bình Dương",
        "body": "Tình nguyện viên trả lời bằng tiếng Anh, tiếng Tây Ban Nha và tiếng Việt. Họ không "
        "hỏi về tình trạng di trú.",
    },
    "ar": {
        "title": "هل احتُجز أحد؟ اتصلوا بخط الاستجابة السريعة.",
        "phone": "1-888-555-0142",
        "hours": "كل يوم من 6 صباحًا إلى 9 مساءً بتوقيت المحيط الهادئ",
        "body": "يجيب متطوعون بالإنجليزية والإسبانية والفيتنامية، ولا يسألون عن وضعكم القانوني.",
    },
}

POLICY: Texts = {
    "en": {"title": "Policy and platform", "body": "What we ask for, and the plan behind it."},
    "es": {"title": "Política y plataforma", "body": "Lo que pedimos y el plan que lo sostiene."},
    "vi": {"title": "Chính sách và cương lĩnh", "body": "Điều chúng tôi yêu cầu và kế hoạch phía sau."},
    "ar": {"title": "السياسة والبرنامج", "body": "ما نطالب به والخطة التي تقف وراءه."},
}

PLATFORM: Texts = {
    "en": {
        "title": "Platform for Immigrant Justice",
        "link": "https://example.org/resources/3/",
        "body": "Twelve demands to the administration, from ending detention quotas to restoring the judge’s "
        "discretion, each with the office that could act today.",
    },
    "es": {
        "title": "Plataforma por la justicia para las personas inmigrantes",
        "body": "Doce exigencias al gobierno, desde el fin de las cuotas de detención hasta devolver a los jueces su "
        "criterio, cada una con la oficina que podría actuar hoy.",
    },
    "vi": {
        "title": "Cương lĩnh vì công lý cho người nhập cư",
        "body": "Mười hai yêu cầu gửi chính quyền, từ chấm dứt chỉ tiêu giam giữ đến trả lại quyền xét đoán cho thẩm "
        "phán, kèm cơ quan có thể hành động ngay hôm nay.",
    },
    "ar": {
        "title": "برنامج العدالة للمهاجرين",
        "body": "اثنا عشر مطلبًا من الإدارة، من إنهاء حصص الاحتجاز إلى إعادة السلطة التقديرية للقضاة، مع الجهة القادرة "
        "على التحرك اليوم.",
    },
}

POLICY_MEMO: Texts = {
    "en": {
        "title": "Admin Platform Policy Memo",
        "link": "https://example.org/resources/2/",
        "body": "The long form of the platform for those who brief offices: sources, drafts of rules, and answers to "
        "the objections you will hear.",
    },
}

PLAN: Texts = {
    "en": {
        "title": "Strategic Plan Executive Summary 2020-2024",
        "link": "https://example.org/resources/6/",
        "body": "Where the network wants to be by 2024, on six pages.",
    },
    "es": {
        "title": "Resumen ejecutivo del plan estratégico 2020-2024",
        "body": "Dónde quiere estar la red en 2024, en seis páginas.",
    },
    "vi": {
        "title": "Tóm tắt kế hoạch chiến lược 2020-2024",
        "body": "Mạng lưới muốn đến đâu vào năm 2024, trong sáu trang.",
    },
    "ar": {"title": "ملخص الخطة الاستراتيجية 2020-2024", "body": "أين تريد الشبكة أن تكون في عام 2024، في ست صفحات."},
}

CALL: Texts = {
    "en": {
        "title": "Members’ call: the new priorities in practice",
        "when": "Thursday, December 2, 2021, 10 a.m. Pacific",
        "where": "Online, with interpretation into Spanish and Vietnamese",
        "link": "https://example.org/calls/december/",
        "body": "Three lawyers walk through real cases; bring your questions.",
    },
    "es": {
        "title": "Llamada de la red: las nuevas prioridades en la práctica",
        "when": "Jueves 2 de diciembre de 2021, 10:00, hora del Pacífico",
        "where": "En línea, con interpretación al español y al vietnamita",
        "link": "https://example.org/calls/december/es/",
        "body": "Tres abogadas recorren casos reales; traiga sus preguntas.",
    },
    "vi": {
        "title": "Họp thành viên: những ưu tiên mới trong thực tế",
        "when": "Thứ Năm, ngày 2 tháng 12 năm 2021, 10 giờ sáng, giờ Thái Bình Dương",
        "where": "Trực tuyến, có thông dịch tiếng Tây Ban Nha và tiếng Việt",
        "link": "https://example.org/calls/december/vi/",
        "body": "Ba luật sư đi qua những hồ sơ thật; quý vị cứ mang câu hỏi đến.",
    },
    "ar": {
        "title": "لقاء الأعضاء: الأولويات الجديدة في التطبيق",
        "when": "الخميس 2 ديسمبر 2021، الساعة 10 صباحًا بتوقيت المحيط الهادئ",
        "where": "عبر الإنترنت، مع ترجمة إلى الإسبانية والفيتنامية",
        "link": "https://example.org/calls/december/",
        "body": "ثلاث محاميات يشرحن حالات حقيقية؛ أحضروا أسئلتكم.",
    },
}

SIGN: Texts = {
    "en": {
        "title": "Ask your senators to keep the promise",
        "label": "Sign the letter",
        "link": "https://example.org/letter/",
        "body": "More than 200 organizations have signed. It closes on November 30.",
    },
    "es": {
        "title": "Pida a sus senadores que cumplan su promesa",
        "label": "Firmar la carta",
        "link": "https://example.org/letter/es/",
        "body": "Ya firmaron más de 200 organizaciones. Cierra el 30 de noviembre.",
    },
    "vi": {
        "title": "Hãy yêu cầu các thượng nghị sĩ giữ lời hứa",
        "label": "Ký vào lá thư",
        "link": "https://example.org/letter/vi/",
        "body": "Hơn 200 tổ chức đã ký. Hạn chót là ngày 30 tháng 11.",
    },
    "ar": {
        "title": "اطلبوا من أعضاء مجلس الشيوخ الوفاء بالوعد",
        "label": "وقّعوا الرسالة",
        "link": "https://example.org/letter/",
        "body": "وقّعت أكثر من 200 منظمة. يُغلق باب التوقيع في 30 نوفمبر.",
    },
}

NOTE: Texts = {
    "en": {
        "title": "A word about words",
        "body": "We say *people without status*. If a partner’s text says it otherwise, tell us: "
        "[how we choose our words](https://example.org/words/).",
    },
    "es": {
        "title": "Unas palabras sobre las palabras",
        "body": "Decimos *personas sin estatus*. Si un texto de la red lo dice de otra manera, avísenos: "
        "[cómo elegimos las palabras](https://example.org/words/es/).",
    },
    "vi": {
        "title": "Đôi lời về cách dùng từ",
        "body": "Chúng tôi nói *người chưa có giấy tờ*. Nếu một văn bản nói khác đi, xin cho chúng tôi biết: "
        "[cách chúng tôi chọn từ](https://example.org/words/).",
    },
}

CLOSING: Texts = {
    "en": {
        "title": "Tell us what to cover next",
        "label": "Suggest a resource",
        "link": "https://example.org/suggest/",
        "body": "Reply to this mail, or name the tool that you could not find. We read every answer.",
    },
    "es": {
        "title": "Díganos qué tema sigue",
        "label": "Proponer un recurso",
        "link": "https://example.org/suggest/es/",
        "body": "Responda a este correo o nombre la herramienta que no encontró. Leemos todas las respuestas.",
    },
    "vi": {
        "title": "Hãy cho chúng tôi biết chủ đề tiếp theo",
        "label": "Đề xuất một tài liệu",
        "link": "https://example.org/suggest/vi/",
        "body": "Xin trả lời thư này hoặc nêu công cụ quý vị chưa tìm thấy. Chúng tôi đọc mọi câu trả lời.",
    },
    "ar": {
        "title": "أخبرونا بما نتناوله لاحقًا",
        "label": "اقترحوا موردًا",
        "link": "https://example.org/suggest/",
        "body": "أجيبوا عن هذه الرسالة أو سمّوا الأداة التي لم تجدوها. نقرأ كل إجابة.",
    },
}
