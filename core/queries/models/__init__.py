"""Questions about models: gates, advice, the contest with the champion, signals and what became of them."""
