"""Terms of a fund: partners, steps of the waterfall, the rules beside them."""

from dataclasses import fields

from flows.reports.bilingual import Bilingual
from flows.reports.blocks import cell, column
from flows.reports.document import Cell, ColumnKind, Row, Table
from flows.reports.figures import percent
from flows.reports.fund_tables.wording import heading, recipient_name, text, title
from flows.reports.labels import label
from services.fund.fund_terms.terms import Distribution, FundTerms, Step


def partner_table(terms: FundTerms) -> Table:
    """Who commits how much."""
    return Table(
        label("title.partners"),
        (column("partner"), column("partner_class"), column("commitment", ColumnKind.WAN)),
        tuple(
            Row(
                (
                    Cell(partner.name),
                    Cell(label(f"partner.{partner.partner_class}")),
                    cell(partner.commitment_cny, assumed=True),
                )
            )
            for partner in terms.partners
        ),
        label("caption.partners", fee=percent(terms.fee_rate_annual, 2), life=str(terms.life_years)),
    )


def step_table(terms: FundTerms) -> Table:
    """The steps in order, with their figures."""
    return Table(
        label("title.steps"),
        (column("step", ColumnKind.INTEGER), column("step_name"), column("step_terms", is_long_text=True)),
        tuple(
            Row((Cell(number), Cell(step_name(step)), cell(step_terms(terms, step), assumed=True)))
            for number, step in enumerate(terms.steps, start=1)
        ),
    )


def rule_table(terms: FundTerms) -> Table:
    """How cash is distributed, what the fee is a share of, life, clawback, recycling."""
    return Table(
        title("rules"),
        (heading("rule"), heading("content", is_long_text=True)),
        tuple(
            Row((Cell(label(f"fund_rule.{key}")), cell(words, assumed=True))) for key, words in _rules(terms)
        ),
    )


def _rules(terms: FundTerms) -> list[tuple[str, Bilingual]]:
    deals = terms.distribution is Distribution.DEAL_BY_DEAL
    rules = [("distribution", text("deal_by_deal" if deals else "whole_fund"))]
    if deals:
        rules.append(("losses", text("losses_carried" if terms.carries_losses else "losses_not_carried")))
    fee = text(f"fee_{terms.fee_base}", rate=percent(terms.fee_rate_annual, 2))
    if terms.investment_period_years is not None and terms.fee_rate_after_annual is not None:
        after = text(
            "fee_after",
            years=str(terms.investment_period_years),
            rate=percent(terms.fee_rate_after_annual, 2),
        )
        fee = Bilingual(f"{fee.zh}；{after.zh}", f"{fee.en}; {after.en}")
    rules += [
        ("fee", fee),
        ("life", text("life", life=str(terms.life_years), extension=str(terms.extension_years))),
    ]
    if terms.clawback is not None:
        tax, escrow = percent(terms.clawback.tax_share), percent(terms.clawback.escrow_share)
        rules.append(("clawback", text("clawback", tax=tax, escrow=escrow)))
    if terms.recycling is not None:
        again = terms.recycling
        rules.append(
            (
                "recycling",
                text(
                    "recycling",
                    share=percent(again.share),
                    limit=percent(again.limit_share),
                    year=str(again.until_year),
                ),
            )
        )
    return rules


def step_name(step: Step) -> Bilingual:
    """Name of a step of the waterfall."""
    return label(f"step.{type(step).__name__}")


def step_terms(terms: FundTerms, step: Step) -> str | None:
    """The step's figures with their names, shares and rates as percent; None for a step without figures."""
    parts = []
    for field in fields(step):
        value = getattr(step, field.name)
        name = label(f"step_term.{field.name}").zh
        if field.name == "partner_id":
            parts.append(f"{name} {recipient_name(terms, value)}")
        elif field.name == "tiers":
            parts += [f"≥ {tier.from_multiple:g} 倍：{percent(tier.ceded_share)}" for tier in value]
        elif field.name == "reinvestment_multiple":
            parts.append(f"{name} {value:g} 倍")
        elif field.name == "partner_ids":
            parts += [f"{name} {recipient_name(terms, partner_id)}" for partner_id in value]
        elif field.name == "is_simple":
            parts += [name] if value else []
        else:
            parts.append(f"{name} {percent(value)}")
    return "；".join(parts) or None
