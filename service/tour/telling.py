"""Tells the tour: one line per step, and a sign of life while it waits."""

import time

import httpx
from rich.console import Console

from service.tour.outsider import TourFailed
from service.tour.steps import STEPS, Journey


def tell(url: str, console: Console) -> bool:
    """Take the tour and print it; true only if every step was as it should be."""
    with console.status("") as status:

        def wait(why: str, seconds: float) -> None:
            status.update(why)
            time.sleep(seconds)

        journey = Journey(url.rstrip("/"), wait)
        for number, step in enumerate(STEPS, 1):
            title = (step.__doc__ or step.__name__).strip()
            status.update(title)
            try:
                said = step(journey)
            except (TourFailed, httpx.HTTPError) as error:
                console.print(f"[red]✗[/red] {number:2}. {title}")
                console.print(f"      {error}", markup=False)
                return False
            console.print(f"[green]✓[/green] {number:2}. {title} [dim]{said}[/dim]", soft_wrap=True)
    console.print(f"All {len(STEPS)} steps were as they should be.")
    return True
