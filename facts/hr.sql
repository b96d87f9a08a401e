-- An HR system's tables, as they could be anywhere: other names, other words, ids that are numbers.
-- Load it with: python -c "import sqlite3; sqlite3.connect('/tmp/hr.db').executescript(open('facts/hr.sql').read())"
DROP TABLE IF EXISTS employee;
DROP TABLE IF EXISTS certificate;
DROP TABLE IF EXISTS engagement;
DROP TABLE IF EXISTS engagement_task;

CREATE TABLE employee (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, name TEXT, left_on TEXT);
CREATE TABLE certificate (employee_id INTEGER REFERENCES employee, title TEXT, file TEXT);
CREATE TABLE engagement (
  no INTEGER PRIMARY KEY, employee_id INTEGER REFERENCES employee, line TEXT, part TEXT, result TEXT, signed_off INTEGER
);
CREATE TABLE engagement_task (engagement_no INTEGER REFERENCES engagement, task TEXT);

INSERT INTO employee VALUES (1, 'E-1001', 'Sato', NULL), (2, 'E-1002', 'Ito', NULL), (3, 'E-1003', 'Mori', '2024-03-31');
INSERT INTO certificate VALUES (1, 'Applied IT Engineer', 'HR-2025-17'), (3, 'Applied IT Engineer', 'HR-2019-02');
INSERT INTO engagement VALUES (70, 1, 'HW', 'LEAD', 'ok', 1), (71, 2, 'SW', 'STAFF', 'failed', 0);
INSERT INTO engagement_task VALUES (70, 'set up'), (70, 'upkeep'), (71, 'upkeep');
