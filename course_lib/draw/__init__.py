"""Colours, panels and the figures that notebooks and explorers share."""

from course_lib.draw.cells import Cells as Cells
from course_lib.draw.curves import learning_curves as learning_curves
from course_lib.draw.gallery import gallery as gallery
from course_lib.draw.label import Label as Label
from course_lib.draw.legend import SIGNS as SIGNS
from course_lib.draw.legend import Bar as Bar
from course_lib.draw.legend import Legend as Legend
from course_lib.draw.lines import lines as lines
from course_lib.draw.numbers import number as number
from course_lib.draw.numbers import numbers as numbers
from course_lib.draw.page import Page as Page
from course_lib.draw.panel import Grid as Grid
from course_lib.draw.panel import Panel as Panel
from course_lib.draw.panel import Plot as Plot
from course_lib.draw.picture import Picture as Picture
from course_lib.draw.picture import new_figure as new_figure
from course_lib.draw.words import Words as Words
