"""The sample has the original's columns, forms and shares, and its best reachable scores are true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from casebook.cases.declared import read_declaration
from casebook.datasets import DeclaredTable
from casebook.synthetic_data.rossmann import FILES, Sample, best_reachable, generate_sample, write_sample

if TYPE_CHECKING:
    from pathlib import Path

    from tests.declared_fixtures import Ingest


DECLARED = list(read_declaration("rossmann").data.columns)
DAYS = DECLARED[: DECLARED.index("StoreType")]
STORES = ["Store", *DECLARED[len(DAYS) :]]


@pytest.fixture(scope="module")
def sample() -> Sample:
    return generate_sample(stores=60, days=942, seed=3)


@pytest.fixture(scope="module")
def train(sample: Sample) -> pd.DataFrame:
    return sample.tables["train.csv"]


def test_the_same_arguments_give_the_same_files_and_another_seed_others(tmp_path: Path) -> None:
    texts = []
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_sample(generate_sample(stores=10, days=120, seed=seed), tmp_path / folder)
        texts.append([(tmp_path / folder / name).read_text() for name in FILES])
    assert texts[0] == texts[1]
    assert all(one != other for one, other in zip(texts[0], texts[2], strict=True))


def test_columns_and_sizes_are_those_that_were_asked_for(sample: Sample) -> None:
    train, stores, test = (sample.tables[name] for name in FILES)
    assert train.columns.tolist() == DAYS
    assert stores.columns.tolist() == STORES
    assert test.columns.tolist() == ["Id", *(name for name in DAYS if name not in {"Sales", "Customers"})]
    assert (train["Store"].nunique(), train["Date"].nunique(), len(stores), len(test)) == (60, 942, 60, 60 * 48)
    # A sixth of the stores lacks the second half of 2014.
    assert len(train) == 60 * 942 - 10 * 184
    assert (train["Date"].min(), train["Date"].max()) == (pd.Timestamp("2013-01-01"), pd.Timestamp("2015-07-31"))
    assert (test["Date"].min(), test["Date"].max()) == (pd.Timestamp("2015-08-01"), pd.Timestamp("2015-09-17"))


def test_rows_run_from_the_last_day_to_the_first_and_by_store_within_a_day(train: pd.DataFrame) -> None:
    ordered = train.sort_values(["Date", "Store"], ascending=[False, True], ignore_index=True)
    pd.testing.assert_frame_equal(train, ordered)


def test_nulls_have_the_published_shares() -> None:
    nulls = generate_sample(stores=1000, days=120, seed=1).tables["store.csv"].isna().mean()
    assert nulls["CompetitionDistance"] == pytest.approx(0.0026, abs=0.0005)
    assert nulls["CompetitionOpenSinceMonth"] == nulls["CompetitionOpenSinceYear"] == pytest.approx(0.3179, abs=0.0005)
    for name in ("Promo2SinceWeek", "Promo2SinceYear", "PromoInterval"):
        assert nulls[name] == pytest.approx(0.4994, abs=0.012)
    assert nulls[["Store", "StoreType", "Assortment", "Promo2"]].sum() == 0


def test_closed_stores_sell_nothing_and_open_ones_something(train: pd.DataFrame, sample: Sample) -> None:
    assert ((train["Sales"] > 0) == (train["Open"] == 1)).all()
    assert ((train["Customers"] > 0) == (train["Open"] == 1)).all()
    types = train["Store"].map(sample.tables["store.csv"].set_index("Store")["StoreType"])
    always = types == "b"
    assert train.loc[always, "Open"].eq(1).all()
    closed = (train["DayOfWeek"] == 7) | (train["StateHoliday"] != "0")
    assert train.loc[~always, "Open"].eq(1).equals(~closed[~always])


def test_holidays_have_their_letters(train: pd.DataFrame) -> None:
    letters = train.drop_duplicates("Date").set_index("Date")["StateHoliday"]
    assert letters[["2014-10-03", "2015-05-14", "2015-04-03", "2013-12-26", "2015-07-31"]].tolist() == list("aabc0")
    assert set(letters) == {"0", "a", "b", "c"}


def test_promotions_run_from_monday_to_friday_of_every_second_week_and_sell(train: pd.DataFrame) -> None:
    promoted = train[train["Promo"] == 1]
    assert promoted["DayOfWeek"].max() == 5
    assert promoted.groupby(promoted["Date"].dt.isocalendar().week)["Date"].nunique().mod(5).eq(0).all()
    sales = train[train["Open"] == 1].groupby("Promo")["Sales"].mean()
    assert sales[1] / sales[0] == pytest.approx(np.exp(0.33), rel=0.06)


def test_best_reachable_scores_are_those_of_the_best_forecast(sample: Sample) -> None:
    sales = sample.tables["train.csv"]["Sales"].to_numpy()
    reachable = best_reachable(sample)
    assert set(reachable) == {"time", "row"}
    assert reachable["time"]["rmspe"] == pytest.approx(0.1041, abs=0.0001)
    assert reachable["row"]["rmspe"] == pytest.approx(0.0998, abs=0.0001)
    sold = sales > 0
    deviation = np.hypot(0.03, 0.10)
    shares = sample.expected[sold] * np.exp(-1.5 * deviation**2) / sales[sold] - 1
    # Days share a noise, so that even all rows together measure it by some per cent only.
    assert np.sqrt(np.mean(shares**2)) == pytest.approx(reachable["time"]["rmspe"], rel=0.03)
    assert np.abs(sample.expected - sales).mean() == pytest.approx(reachable["time"]["mae"], rel=0.03)


def test_files_have_the_forms_of_the_originals(tmp_path: Path) -> None:
    write_sample(generate_sample(stores=12, days=120, seed=1), tmp_path)
    days = (tmp_path / "train.csv").read_text().splitlines()
    assert days[0] == '"Store","DayOfWeek","Date","Sales","Customers","Open","Promo","StateHoliday","SchoolHoliday"'
    number, date, letter = r"\d+", r"\d{4}-\d\d-\d\d", r'"[0abc]"'
    form = f'{number},[1-7],{date},{number},{number},[01],[01],{letter},"[01]"'
    assert pd.Series(days[1:]).str.fullmatch(form).all()
    stores = pd.Series((tmp_path / "store.csv").read_text().splitlines()[1:])
    assert stores.str.fullmatch(r'\d+,"[abcd]","[abc]",\d*,\d*,\d*,(0,,,""|1,\d+,\d+,"\w+,\w+,\w+,\w+")').all()


def test_files_are_taken_by_the_case(ingest: Ingest, tmp_path: Path) -> None:
    sample = generate_sample(stores=12, days=120, seed=1)
    write_sample(sample, tmp_path)
    days, stores = (
        DeclaredTable("rossmann", table, str(tmp_path / file)).load()
        for table, file in (("days", "train.csv"), ("stores", "store.csv"))
    )
    joined, _ = ingest("rossmann", days, stores)
    assert joined["Sales"].tolist() == sample.tables["train.csv"]["Sales"].tolist()
    assert stores["PromoInterval"].isna().sum() == sample.tables["store.csv"]["PromoInterval"].isna().sum() > 0


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ({"stores": 9, "days": 942}, "stores is 9: a sample needs at least 10"),
        ({"stores": 10, "days": 119}, "days is 119: a sample has 120 to 942"),
        ({"stores": 10, "days": 943}, "days is 943: a sample has 120 to 942"),
    ],
)
def test_sizes_out_of_range_are_refused(size: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        generate_sample(**size, seed=1)
