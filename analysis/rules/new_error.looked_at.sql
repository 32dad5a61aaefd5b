-- Errors, and the classes that had any.
select
    count(*) as judged,
    count(distinct scope || ' ' || system || ' ' || job_class) as classes
from class_errors
