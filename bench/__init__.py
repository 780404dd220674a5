"""What groupwall costs, measured side by side with moto in one run: ``make bench``, or ``python -m bench``.

    __main__.py     the run: rounds of A B A B, the result as JSON and as a table
    rows.py         what is measured, and the bar for each
    programs.py     the servers as programs of their own
    wire.py         signed requests as bytes, and a plain client
    load.py         the load generator, a program of its own
    null.py         a server that does nothing: the generator's own ceiling
    calls.py        boto3 calls inside one process, a program of its own
    deciding.py     a signature and policies inside one process (``python -m bench.deciding``)
    disk.py         what the disk under the store needs for an fdatasync
    asking.py       one connection that asks call after call
    scale.py        a large account call by call, against a small one and moto's
    moto_filled.py  moto_server with a large account, a program of its own
    fill.py         an account of many groups, written straight into a store
    figures.py      series of figures, their spread and their ratios
    report.py       the readable table
    stages.py       where the time of a request goes inside the server (``python -m bench.stages``)

Nothing here is asserted about time: a bar that is missed is reported with its number.
"""
