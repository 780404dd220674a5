"""Who sees to it: follows the server, tells what holds, what was let in and what would end, hears commands."""
