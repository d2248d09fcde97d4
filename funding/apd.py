"""What counts as official development assistance (APD), and how much: pure functions on one declared line.

The texts, as each rule names them:

- OECD, « Official development assistance: definition and coverage », and the DAC list of ODA recipients,
  which changes every few years: a country counts or not *in the line's year*;
- DAC and CRS code lists (aid type, finance type, flow type, bi_multi), with their definitions;
- DAC, five clarifications of 2017 on refugee costs in the donor country (12 months, no integration costs);
- MEAE, yearly declaration e-APD (CGCT, art. L. 1115-6): what collectivities may declare.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from funding.choices import ApdReason, BiMulti

#: Country (ISO 3166-1 alpha-2) to the periods it stood on the DAC list: first and last year, None for no end.
DacList = Mapping[str, Sequence[tuple[int, int | None]]]

DONOR = "FR"
ODA_FLOW = "10"
REFUGEE_AID = frozenset({"H02", "H03", "H04", "H05", "H06"})
STUDENT_AID = frozenset({"E01", "E02"})
IN_DONOR_AID = REFUGEE_AID | STUDENT_AID | {"G01", "H01"}
REFUGEE_PURPOSE = "93010"
GRANTS = frozenset({"110", "210", "310", "311"})
LOANS = frozenset(
    {"410", "411", "412", "413", "414", "421", "422", "423", "424", "425", "431", "432", "433", "451", "452", "453"}
)


@dataclass(frozen=True, slots=True)
class Declared:
    """What a line declares. Amounts in euros; `purpose` is the code that counts: the parent of a voluntary one."""

    year: int
    purpose: str
    recipient: str | None = None
    aid_type: str = "C01"
    finance_type: str = "110"
    flow_type: str = ODA_FLOW
    bi_multi: int = BiMulti.BILATERAL
    refugee_costs: bool = False
    paid: Decimal | None = None
    refunded: Decimal | None = None
    public_receipts: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a line comes to. `apd` is empty for a line that does not count, and while the payment is unknown."""

    net: Decimal | None
    apd: Decimal | None
    reason: ApdReason
    refugees: bool


ELIGIBLE = frozenset({ApdReason.RECIPIENT, ApdReason.IN_DONOR, ApdReason.MULTILATERAL})


def assess(line: Declared, dac_list: DacList) -> Assessment:
    """Applies every rule to one line."""
    net, reason = net_amount(line), reason_of(line, dac_list)
    return Assessment(net, net if reason in ELIGIBLE else None, reason, counts_as_refugees(line))


def net_amount(line: Declared) -> Decimal | None:
    """Paid, less refunds and less what other public bodies gave for this very expense; unknown while paid is.

    Each euro counts once, at the official body that paid it first (e-APD: a State grant is declared by the
    State). An unknown refund or receipt is taken as none. The result may be negative: a refund of an earlier
    year's payment lowers the year in which it is received (DAC, net disbursements).
    """
    if line.paid is None:
        return None
    return line.paid - (line.refunded or Decimal(0)) - (line.public_receipts or Decimal(0))


def is_listed(country: str, year: int, dac_list: DacList) -> bool:
    """Whether the DAC list of that year names the country."""
    return any(first <= year and (last is None or year <= last) for first, last in dac_list.get(country, ()))


def counts_as_refugees(line: Declared) -> bool:
    """Whether the line is refugee costs in the donor country: by its aid type, its purpose, or as it says.

    One answer a line, so that a line which says so three times is taken off once.
    """
    return line.aid_type in REFUGEE_AID or line.purpose == REFUGEE_PURPOSE or line.refugee_costs


def reason_of(line: Declared, dac_list: DacList) -> ApdReason:
    """Why the line counts, or the first rule that it fails.

    DAC definition of ODA: an official flow (flow type 10: other official and private flows are not), with
    development as its aim, concessional, to a listed country or a multilateral body, or of the few kinds of
    spending in the donor country that the DAC admits.
    """
    if line.flow_type != ODA_FLOW:
        return ApdReason.FLOW_NOT_ODA
    if line.finance_type in LOANS:
        return ApdReason.LOAN_TERMS_UNKNOWN
    if not is_grant(line):
        return ApdReason.NOT_CONCESSIONAL
    if is_in_donor(line, dac_list):
        return ApdReason.IN_DONOR
    return _reason_abroad(line, dac_list)


def is_grant(line: Declared) -> bool:
    """Standard grants (110), interest subsidies (210), capital subscriptions to multilateral bodies (310, 311).

    Left out of the DAC's own category of grants: 111 and 211, subsidies to the donor's investors and
    exporters, whose aim is commercial. Loans (4xx) count for their grant equivalent, which rests on terms
    (rate, length, grace) that a declaration does not hold: they are set apart as such, never guessed.
    Debt relief, equity and securities are no business of a collectivity and do not count.
    """
    return line.finance_type in GRANTS


def is_in_donor(line: Declared, dac_list: DacList) -> bool:
    """Spending in the donor country that the DAC admits (definitions of the aid types).

    E01 and E02, students *from developing countries*: one who is said to come from another country than the
    DAC's does not count. G01, the donor's own administration. H01, development awareness. H02 to H06,
    refugees, whatever country is named: H02 when costs cannot be told apart, H03 before recognition, H04
    before a *rejection* (an application is pending until then; later costs are not to be declared at all),
    H05 recognised refugees, H06 in another provider country. The first twelve months only, and no costs of
    integration: that is for whoever declares to see to, a line does not say.

    A line that says « refugees » by its purpose (93010) or by itself is such spending too, whatever its aid
    type, unless it names a foreign country as recipient.
    """
    abroad = line.recipient not in {None, DONOR}
    if line.aid_type in STUDENT_AID and abroad:
        return is_listed(str(line.recipient), line.year, dac_list)
    return line.aid_type in IN_DONOR_AID or (counts_as_refugees(line) and not abroad)


def _reason_abroad(line: Declared, dac_list: DacList) -> ApdReason:
    """Listed country; else a core contribution (bi_multi 2) that names no country; else not APD."""
    if line.recipient in {None, DONOR}:
        is_multilateral = line.recipient is None and line.bi_multi == BiMulti.MULTILATERAL
        return ApdReason.MULTILATERAL if is_multilateral else ApdReason.NO_RECIPIENT
    if is_listed(str(line.recipient), line.year, dac_list):
        return ApdReason.RECIPIENT
    return ApdReason.UNLISTED_COUNTRY
