"""From scheme files to schemes. Owns the format of a scheme's file, and what is refused of one.

A scheme is one TOML file::

    [scheme]
    id = "eu-csf-2026"             # letters, digits, . _ -
    title = "…"
    version = "…"
    kind = "points"                # points, criteria, grades, figures
    status = "in force"            # optional, as are the next three
    region = "EU"
    doubts = ["…"]
    factors_of = "NAME.toml"       # objectives stand in that file, and their weights in [weights] here
    from_stack_of = "NAME.toml"    # what answers factors from a stack stands in that file
    [[scheme.reference]]           # at least one: title, publisher, url, date
    [[scheme.level]]               # level = 0, name, meaning: the lowest first, one after the other; optional
    [scheme.gate]                  # objective's id = least level; optional
    [weights]                      # objective's id = weight; only with factors_of

    [[objective]]
    id = "SOV-1"
    title = "…"
    weight = 20                    # not in a file that is named in factors_of
      [[objective.factor]]
      id = "SOV-1.1"
      title = "…"
      ask = "…"                    # optional: what to ask a person
      note = "…"                   # optional: a doubt, a defect of the publication
      from_stack = { measure = "owner-inside", weighted = "mission" }     # optional: the measure, and its parameters
        [[objective.factor.choice]]                                       # letters a, b, c … by order
        label = "…"
        points = 0
        level = 1
        when = [[0.0, 0.0]]        # closed intervals of the amount measured; inf and -inf may be their ends

A file named in ``factors_of`` holds ``[[objective]]`` alone, without weights, so that versions of a scheme that differ in
their weights share it. A file named in ``from_stack_of`` holds a table a factor, so that what a measure makes of a choice
stands apart from what is published::

    ["SOV-1.1"]
    from_stack = { measure = "owner-inside", weighted = "mission" }
    when = { a = [[0.0, 0.0]], b = [[0.0001, 0.5]], c = [[0.5, 0.9999]], d = [[1.0, 1.0]] }
    note = "…"                     # optional: what the measure sees and what it does not; follows the factor's own note

Both are looked for beside the scheme's file, then among the schemes that come with Freehold; they are plain file names.
Measures are those of :data:`freehold.schemes.measuring.MEASURES`.

By kind:

``points``
    Every choice has points, and a level if the scheme has levels. Weights sum to 100.
``criteria``
    Every choice has points (0 not met, 1 met); one without a level holds no level down. Objectives without weights weigh as
    many criteria as they have.
``grades``
    One objective with one factor: its choices are the grades, and its measure gives a part a component. No person answers it.
``figures``
    A factor needs no choices: its amount is shown. Where it has choices they say how the amount is called.
"""
