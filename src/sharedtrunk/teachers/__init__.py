"""Tasks: low-rank noisy teachers, teachers of given relatedness, labelled samples."""

from sharedtrunk.teachers._label_statistics import class_probabilities as class_probabilities
from sharedtrunk.teachers._label_statistics import clean_label_moment as clean_label_moment
from sharedtrunk.teachers._label_statistics import flip_probability as flip_probability
from sharedtrunk.teachers._related import related_pair as related_pair
from sharedtrunk.teachers._related import related_teachers as related_teachers
from sharedtrunk.teachers._related import relatedness as relatedness
from sharedtrunk.teachers._sample import Sample as Sample
from sharedtrunk.teachers._sample import draw_inputs as draw_inputs
from sharedtrunk.teachers._sample import hard_labels as hard_labels
from sharedtrunk.teachers._sample import sample as sample
from sharedtrunk.teachers._sample import soft_labels as soft_labels
from sharedtrunk.teachers._teacher import Teacher as Teacher
from sharedtrunk.teachers._teacher import random_teacher as random_teacher
