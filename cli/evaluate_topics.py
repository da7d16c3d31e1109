"""`channelwatch evaluate topics`: how well posts are labelled with topics."""

from __future__ import annotations

from cli.labelled_files import LabelledFile, Unmeasurable, labelled_rows, print_figures


def topics(file: LabelledFile) -> None:
    """Do posts get the topics that people gave them?

    Each line is a JSON object with `text` (perhaps `title` and `lang`) and either `topics_a` and `topics_b`, lists of
    topics by two annotators, or `topics` by one (`["none"]`: no news); or `label`, a category of Telegram's data
    clustering contest: society, economy, technology, sports, entertainment, science, other, not_news. Which of our
    topics a category covers is told in `docs/decisions/0012-learned-topic-weights.md`.

    The last line printed is one JSON object: `micro_f1`, `macro_f1`, `precision`, `recall`, `accuracy`, `by_language`,
    `by_topic`, `precision_by_topic`, `recall_by_topic`, `none_rejected`, `rows`.

    **Example**

    `channelwatch evaluate topics my_posts.jsonl.gz`
    """
    from dataclasses import asdict

    from analysis.topic_model import plug_in
    from analysis.topic_scores import UnknownForm, evaluate_topics
    from config.settings import StorageSettings, read

    plug_in(read(StorageSettings).topic_model)
    try:
        scores = evaluate_topics(labelled_rows(file, dict))
    except UnknownForm as error:
        raise Unmeasurable(file, str(error)) from error
    print_figures(asdict(scores))
