"""What a reader is shown of results: functions ``result -> what rich prints``, one file for each topic."""
