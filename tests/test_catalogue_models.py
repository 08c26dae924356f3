"""Model families of the shipped catalogue: ids as they stand in code, who trained them, and what is not theirs."""

from __future__ import annotations

import pytest

from freehold.catalogue.facts import Catalogue, load
from freehold.catalogue.match import Matcher


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


@pytest.fixture(scope="module")
def matcher(catalogue: Catalogue) -> Matcher:
    return Matcher(catalogue)


@pytest.mark.parametrize(
    ("written", "provider", "licence"),
    [
        ("01-ai/Yi-1.5-34B-Chat", "zero-one-ai", "Apache-2.0"),
        ("01-ai/Yi-VL-6B", "zero-one-ai", None),
        ("allenai/OLMo-7B", "ai2", "Apache-2.0"),
        ("allenai/OLMo-2-1124-7B", "ai2", None),
        ("baichuan-inc/Baichuan2-7B-Chat", "baichuan", "LicenseRef-Baichuan-2-Community"),
        ("bert-base-uncased", "google", "Apache-2.0"),
        ("bigscience/bloomz-7b1", "bigscience", "LicenseRef-BigScience-RAIL-1.0"),
        ("black-forest-labs/FLUX.1-dev", "black-forest-labs", "LicenseRef-FLUX.1-dev-Non-Commercial"),
        ("black-forest-labs/FLUX.1-schnell", "black-forest-labs", "Apache-2.0"),
        ("CohereForAI/c4ai-command-r-plus", "cohere", "CC-BY-NC-4.0"),
        ("core42/jais-13b-chat", "inception-ai", "Apache-2.0"),
        ("databricks/dbrx-instruct", "databricks", "LicenseRef-Databricks-Open-Model"),
        ("deepseek-ai/DeepSeek-V3", "deepseek", "LicenseRef-DeepSeek-Model"),
        ("EleutherAI/pythia-1.4b", "eleutherai", "Apache-2.0"),
        ("ernie-4.0-turbo", "baidu", None),
        ("GigaChat-2-Max", "sber", None),
        ("google/flan-t5-xxl", "google", "Apache-2.0"),
        ("google/gemma-2-9b-it", "google", None),
        ("HuggingFaceTB/SmolLM3-3B", "huggingface", None),
        ("ibm-granite/granite-3.0-8b-instruct", "ibm", "Apache-2.0"),
        ("internlm/internlm3-8b-instruct", "shanghai-ai-lab", "Apache-2.0"),
        ("kyutai/moshiko-pytorch-bf16", "kyutai", "CC-BY-4.0"),
        ("LGAI-EXAONE/EXAONE-3.5-7.8B-Instruct", "lg-ai-research", "LicenseRef-EXAONE-1.1-NC"),
        ("meta-llama/Llama-3.3-70B-Instruct", "meta", "LicenseRef-Llama-3.3"),
        ("microsoft/phi-4", "microsoft", "MIT"),
        ("mistralai/Voxtral-Mini-3B-2507", "mistral", None),
        ("nvidia/Llama-3.1-Nemotron-70B-Instruct-HF", "nvidia", None),
        ("openai/clip-vit-base-patch32", "openai", "MIT"),
        ("pfnet/plamo-2-8b", "preferred-networks", "LicenseRef-PLaMo-Community"),
        ("Qwen/Qwen2.5-7B-Instruct", "alibaba", None),
        ("Qwen/Qwen3-8B", "alibaba", "Apache-2.0"),
        ("sabia-4", "maritaca", None),
        ("aisingapore/Gemma-SEA-LION-v4-27B", "ai-singapore", None),
        ("stabilityai/stable-diffusion-3.5-large", "stability", "LicenseRef-Stability-AI-Community"),
        ("tiiuae/falcon-40b", "tii", "Apache-2.0"),
        ("tiiuae/Falcon3-7B-Instruct", "tii", None),
        ("yandex/yalm-100b", "yandex", "Apache-2.0"),
    ],
)
def test_an_id_as_it_stands_in_code_finds_who_trained_it_and_the_licence(
    matcher: Matcher, written: str, provider: str, licence: str | None
) -> None:
    match = matcher.match_model(written)
    assert match is not None
    assert (match.provider, match.licence) == (provider, licence)


@pytest.mark.parametrize(
    "written",
    ["bert-base-german-cased", "google-bert/bert-base-german-cased", "t5", "my-org/Yi-1.5-9B", "yi", "sabia", "falcon-40b-mine",
     "someone/bloom-560m", "clip", "flux", "ernie", "k2", "nous/Hermes-3-Llama-3.1-8B"],
)  # fmt: skip
def test_ids_of_others_are_nobodys_in_this_list(matcher: Matcher, written: str) -> None:
    match = matcher.match_model(written)
    assert match is None, match


def test_sixty_families_are_known_each_with_who_trained_it(catalogue: Catalogue) -> None:
    trained = {catalogue.value("model", id_, "provider") for id_ in catalogue.ids("model")}
    products = [id_ for id_ in catalogue.ids("product") if catalogue.value("product", id_, "kind") == "model"]
    assert len(catalogue.ids("model")) >= 120
    assert len(trained - {None}) >= 45
    assert len(products) >= 35
    assert all(catalogue.value("product", id_, "provider") for id_ in products)


def test_trainers_are_known_from_every_continent_but_those_without_a_source(catalogue: Catalogue) -> None:
    products = [id_ for id_ in catalogue.ids("product") if catalogue.value("product", id_, "kind") == "model"]
    trainers = [catalogue.value("product", id_, "provider") or "" for id_ in products]
    assert {catalogue.value("provider", id_, "country") for id_ in trainers} >= {
        "US",
        "CN",
        "FR",
        "DE",
        "KR",
        "AE",
        "SG",
        "CL",
        "CA",
    }
