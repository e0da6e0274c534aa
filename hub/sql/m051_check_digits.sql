-- What both screens show of an enrolment, until somebody in the city has confirmed it; '' after that.

ALTER TABLE node ADD COLUMN check_digits TEXT NOT NULL DEFAULT '';
