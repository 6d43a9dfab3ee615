"""The words that dynamic variables choose from."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _lines(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(","))


FIRST_NAMES: Final = _words(
    "Ada Amara Anton Beth Boris Chen Clara Dilys Emeka Farida Felix Grace Hana Hiro Ivan Jan Jonas Kofi Lena Leo "
    "Mara Milan Nadia Nils Olga Omar Paula Priya Rosa Sami Tessa Theo Uma Viktor Wanda Yusuf Zora"
)
LAST_NAMES: Final = _words(
    "Abara Bauer Castro Dahl Evans Fischer Garcia Haddad Ito Jones Kaya Lindgren Moreau Novak Okafor Petrov Quinn "
    "Rossi Schmidt Tanaka Ullman Vargas Weber Xu Young Zimmer"
)
NAME_PREFIXES: Final = ("Mr.", "Mrs.", "Ms.", "Miss", "Dr.")
NAME_SUFFIXES: Final = ("Jr.", "Sr.", "I", "II", "III", "IV", "V", "MD", "PhD")
JOB_DESCRIPTORS: Final = _words("Lead Senior Direct Regional Global Internal Chief Principal District Dynamic")
JOB_AREAS: Final = _words(
    "Accounts Brand Data Division Group Identity Markets Metrics Operations Quality Research Security"
)
JOB_TYPES: Final = _words(
    "Administrator Analyst Architect Assistant Consultant Designer Developer Engineer Manager Planner"
)
CITIES: Final = _lines(
    "Basel, Cork, Dakar, Esbjerg, Fukuoka, Graz, Haifa, Izmir, East Lena, New Milan, North Clara, Port Olga"
)
STREETS: Final = _words("Avenue Bridge Circle Court Drive Grove Lane Park Passage Road Square Street Terrace Way")
COUNTRIES: Final = _lines(
    "Australia, Brazil, Canada, Chile, Denmark, Egypt, Finland, France, Germany, India, Italy, Japan, Kenya, "
    "Mexico, Norway, Peru, Poland, Portugal, South Africa, Spain, Sweden, Switzerland, Turkey, United Kingdom, "
    "Vietnam"
)
COUNTRY_CODES: Final = _words("AU BR CA CL DK EG FI FR DE IN IT JP KE MX NO PE PL PT ZA ES SE CH TR GB VN")
LOCALES: Final = _words("ar cs da de en es fi fr he hu it ja ko nl pl pt ro ru sv tr uk vi zh")
COLORS: Final = _words(
    "red green blue yellow orange purple teal white black grey olive lime azure ivory salmon turquoise"
)
ABBREVIATIONS: Final = _words("API CSS DNS FTP HTTP JSON PNG RAM RSS SDD SMS SQL SSL TCP TLS USB XML")
MONTHS: Final = _words("January February March April May June July August September October November December")
WEEKDAYS: Final = _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
PRODUCT_ADJECTIVES: Final = _words(
    "Awesome Ergonomic Fantastic Generic Gorgeous Handmade Licensed Practical Rustic Small"
)
PRODUCT_MATERIALS: Final = _words("Cotton Concrete Granite Metal Plastic Rubber Soft Steel Wooden")
PRODUCTS: Final = _words("Ball Bike Chair Computer Gloves Hat Keyboard Lamp Mouse Pants Shirt Shoes Soap Table Towels")
PHRASE_ADJECTIVES: Final = _words(
    "Adaptive Balanced Centralized Configurable Enhanced Extended Managed Open Robust Secured"
)
PHRASE_DESCRIPTORS: Final = _words(
    "asynchronous composite dedicated discrete dynamic global holistic local mobile modular"
)
PHRASE_NOUNS: Final = _words(
    "adapter alliance archive capability database framework hub interface matrix project structure"
)
SLOGAN_VERBS: Final = _words("architect benchmark deploy engage envision extend harness integrate optimize scale")
SLOGAN_ADJECTIVES: Final = _words(
    "agile collaborative customized efficient global innovative mission-critical open robust"
)
SLOGAN_NOUNS: Final = _words(
    "applications channels communities content experiences interfaces networks platforms services"
)
DEPARTMENTS: Final = _words(
    "Automotive Baby Books Computers Electronics Games Garden Grocery Health Music Outdoors Tools Toys"
)
COMPANY_SUFFIXES: Final = ("Inc", "LLC", "Group", "and Sons")
ACCOUNTS: Final = _lines(
    "Checking, Savings, Credit Card, Home Loan, Auto Loan, Investment, Money Market, Personal Loan"
)
TRANSACTIONS: Final = _words("deposit withdrawal payment invoice")
CURRENCIES: Final = (
    ("EUR", "Euro", "€"),
    ("USD", "US Dollar", "$"),
    ("GBP", "Pound Sterling", "£"),
    ("JPY", "Yen", "¥"),
    ("INR", "Indian Rupee", "₹"),
    ("CHF", "Swiss Franc", "CHF"),
    ("PLN", "Zloty", "zł"),
    ("TRY", "Turkish Lira", "₺"),
    ("BRL", "Brazilian Real", "R$"),
    ("SEK", "Swedish Krona", "kr"),
)
"""Code, name and symbol."""
COLUMNS: Final = _words(
    "id title name email phone token group category password comment avatar status createdAt updatedAt"
)
COLUMN_TYPES: Final = _words(
    "int varchar text date datetime tinyint time timestamp smallint decimal blob boolean real set enum"
)
COLLATIONS: Final = _words(
    "utf8_unicode_ci utf8_general_ci utf8_bin ascii_bin ascii_general_ci cp1250_bin cp1250_general_ci"
)
ENGINES: Final = _words("InnoDB MyISAM MEMORY CSV BLACKHOLE ARCHIVE")
DOMAIN_SUFFIXES: Final = _words("com biz info name net org")
NOUNS: Final = _lines(
    "alarm, array, bandwidth, bus, capacitor, card, circuit, driver, feed, firewall, hard drive, interface, "
    "matrix, microchip, monitor, panel, pixel, port, program, protocol, sensor, system, transmitter"
)
VERBS: Final = _words(
    "bypass calculate compress connect copy generate hack index input navigate override parse program reboot"
)
PARTICIPLES: Final = _words(
    "bypassing calculating compressing connecting copying generating indexing navigating parsing"
)
ADJECTIVES: Final = _lines(
    "auxiliary, back-end, bluetooth, digital, mobile, multi-byte, neural, online, open-source, redundant, solid state"
)
LATIN: Final = _words(
    "ad alias amet aut culpa cum dicta dolor earum eius enim eos est et eum ex facere fugit harum id illum in "
    "ipsa iste iure iusto labore magni minus modi nam nemo nihil non odio omnis porro quae quia quis quo ratione "
    "rem rerum sed sint sit sunt"
)
EXTENSIONS: Final = _words(
    "avi bin bmp css csv doc epub gif gz htm html ics jar jpg js json mp3 mp4 odt pdf png svg tar txt xml zip"
)
COMMON_EXTENSIONS: Final = _words("gif htm html jpeg jpg m1v m2v mp2 mp3 mp4 mp4v mpeg mpg pdf png shtml wav")
DIRECTORIES: Final = _words(
    "/bin /dev /etc /home/user /home/user/dir /lib /media /mnt /opt /private/var /srv /tmp /usr/bin /usr/lib /var/log"
)
MIME_TYPES: Final = _words(
    "application/json application/pdf application/xml application/zip audio/mpeg audio/ogg font/woff2 image/gif "
    "image/jpeg image/png image/svg+xml message/rfc822 model/stl multipart/form-data text/css text/csv text/html "
    "text/plain video/mp4"
)
