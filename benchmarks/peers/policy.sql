-- The policy for Customer Service under its default readings: ten verdicts on each candidate of a file.

CREATE MACRO counts(status, confirmed) AS confirmed OR status IS DISTINCT FROM 'claimed';

-- Items that are written as a word or as an object.
CREATE MACRO stands(items, confirmed) AS
    len(list_filter(items, lambda item: counts(item ->> '$.status', confirmed))) > 0;
CREATE MACRO passed(exams, confirmed) AS len(list_filter(exams, lambda exam:
    coalesce(exam ->> '$.exam', exam ->> '$') = 'ap' AND counts(exam ->> '$.status', confirmed))) > 0;
CREATE MACRO leads(stated, confirmed) AS
    stated IS NOT NULL AND (stated ->> '$') <> 'false' AND counts(stated ->> '$.status', confirmed);

-- Projects: the highest grade that each meets, 0 for none.
CREATE MACRO wide(p) AS len(list_filter(p.assignments, lambda a:
    a."to" = 'service_team' AND a.coverage IN ('wide_area', 'specific_industry'))) > 0;
CREATE MACRO narrow(p) AS len(list_filter(p.assignments, lambda a: a.coverage = 'specific_users')) > 0;
CREATE MACRO users(p) AS len(list_filter(p.assignments, lambda a: a."to" = 'users')) > 0;
CREATE MACRO criteria(p) AS coalesce(len(list_distinct(p.complexity)), 0);
CREATE MACRO service_grade(p) AS CASE
    WHEN criteria(p) < 2 THEN 0
    WHEN users(p) OR (wide(p) AND criteria(p) >= 4) THEN 5
    WHEN wide(p) OR (narrow(p) AND criteria(p) >= 4) THEN 4
    WHEN narrow(p) THEN 3
    ELSE 0 END;
CREATE MACRO facility_grade(p) AS CASE
    WHEN criteria(p) < 2 THEN 0
    WHEN p.sites >= 5 OR p.floor_area_m2 >= 5000 OR p.network_sites >= 300 THEN 6
    WHEN p.sites IN (3, 4) OR p.floor_area_m2 >= 2000 OR p.network_sites >= 100
        THEN CASE WHEN criteria(p) >= 3 THEN 6 ELSE 5 END
    WHEN criteria(p) >= 3 AND (p.sites < 2 OR p.floor_area_m2 < 2000 OR p.network_sites < 10) THEN 5
    WHEN p.sites < 2 OR p.floor_area_m2 < 2000 OR p.network_sites < 100 THEN 4
    WHEN p.partial THEN CASE WHEN criteria(p) >= 3 THEN 4 ELSE 3 END
    ELSE 0 END;

-- The part in a project that has an activity of its field: 2 led, 1 taken part in, 0 neither.
CREATE MACRO part(p) AS CASE
    WHEN coalesce(len(p.activities), 0) = 0 OR p.role IS NULL THEN 0
    WHEN p.role = 'responsible' AND p.success AND list_contains(p.satisfies, 'usability')
        AND list_contains(p.satisfies, 'maintainability') THEN 2
    ELSE 1 END;

CREATE MACRO service_projects(projects) AS list_transform(projects, lambda p:
    {'grade': service_grade(p), 'part': part(p), 'status': p.status});
CREATE MACRO facility_projects(projects) AS list_transform(projects, lambda p:
    {'grade': facility_grade(p), 'part': part(p), 'status': p.status});

-- Criteria.
CREATE MACRO enough(projects, least_grade, least_part, least_number, confirmed) AS
    len(list_filter(projects, lambda p:
        p.grade >= least_grade AND p.part >= least_part AND counts(p.status, confirmed))) >= least_number;
CREATE MACRO specialised(specialties, areas, depths, confirmed) AS len(list_filter(specialties, lambda s:
    list_contains(areas, s.area) AND list_contains(depths, s.depth) AND counts(s.status, confirmed))) > 0;
CREATE MACRO handed_on(achievements, least_number, confirmed) AS
    len(list_distinct(list_transform(list_filter(achievements, lambda a: counts(a.status, confirmed)), lambda a: a.item)))
        >= least_number;

-- Levels: whether every criterion is met. FIELD is a structure with graded projects.
CREATE MACRO level_3(f, areas, confirmed) AS
    enough(f.projects, 3, 1, 1, confirmed)
    AND specialised(f.specialties, areas, ['practice', 'guide_subordinates', 'guide_company', 'guide_industry'], confirmed);
CREATE MACRO level_4(f, areas, c, confirmed) AS
    enough(f.projects, 3, 2, 2, confirmed) AND enough(f.projects, 4, 2, 1, confirmed)
    AND specialised(f.specialties, areas, ['guide_subordinates', 'guide_company', 'guide_industry'], confirmed)
    AND handed_on(f.achievements, 1, confirmed) AND stands(c.develops_subordinates, confirmed);
CREATE MACRO level_5(f, areas, c, confirmed) AS
    enough(f.projects, 4, 2, 3, confirmed) AND enough(f.projects, 5, 2, 1, confirmed)
    AND specialised(f.specialties, areas, ['guide_company', 'guide_industry'], confirmed)
    AND handed_on(f.achievements, 3, confirmed) AND stands(c.develops_subordinates, confirmed)
    AND leads(c.leads_others, confirmed);
CREATE MACRO level_6(f, areas, c, confirmed) AS
    enough(f.projects, 5, 2, 3, confirmed) AND enough(f.projects, 6, 2, 1, confirmed)
    AND specialised(f.specialties, areas, ['guide_industry'], confirmed)
    AND handed_on(f.achievements, 4, confirmed) AND stands(c.develops_subordinates, confirmed)
    AND leads(c.leads_others, confirmed);

CREATE MACRO complete(c, confirmed) AS [
    level_3(c.hw, ['product_technology', 'first_contact', 'advice'], confirmed),
    level_4(c.hw, ['product_technology', 'policy_selection_planning', 'team_profitability', 'customer_satisfaction'],
        c, confirmed) AND stands(c.hw.handles, confirmed),
    level_5(c.hw, ['general_it_components', 'product_technology', 'policy_selection_planning', 'personnel_profitability',
        'customer_satisfaction'], c, confirmed) AND stands(c.hw.handles, confirmed),
    level_3(c.sw, ['failure_diagnosis', 'first_contact', 'advice'], confirmed),
    level_4(c.sw, ['failure_diagnosis', 'requirement_measures', 'team_structure', 'customer_satisfaction'],
        c, confirmed) AND stands(c.sw.handles, confirmed),
    level_5(c.sw, ['general_it_components', 'failure_diagnosis', 'service_planning', 'personnel_profitability',
        'customer_satisfaction'], c, confirmed) AND stands(c.sw.handles, confirmed),
    level_3(c.fm, ['facility_engineering', 'advice'], confirmed),
    level_4(c.fm, ['facility_engineering', 'personnel_profitability', 'customer_satisfaction'], c, confirmed),
    level_5(c.fm, ['facility_engineering', 'facility_strategy', 'personnel_profitability', 'customer_satisfaction'],
        c, confirmed),
    level_6(c.fm, ['facility_engineering', 'facility_strategy', 'personnel_profitability', 'customer_satisfaction'],
        c, confirmed)];

CREATE MACRO verdict(attained, deemed, later) AS CASE
    WHEN attained THEN 'attained' WHEN deemed THEN 'deemed' WHEN later THEN 'pending' ELSE 'not_attained' END;

CREATE MACRO decided(path) AS TABLE
    WITH stated AS (
        FROM read_json(path, format = 'newline_delimited', columns = {
            candidate: 'VARCHAR', exams: 'JSON[]', leads_others: 'JSON', develops_subordinates: 'JSON[]',
            fields: 'STRUCT(
                hardware STRUCT(handles JSON[], specialties STRUCT(area VARCHAR, depth VARCHAR, status VARCHAR)[],
                    achievements STRUCT(item VARCHAR, status VARCHAR)[],
                    projects STRUCT("role" VARCHAR, success BOOLEAN, activities VARCHAR[], satisfies VARCHAR[],
                        complexity VARCHAR[], assignments STRUCT("to" VARCHAR, coverage VARCHAR)[], status VARCHAR)[]),
                software STRUCT(handles JSON[], specialties STRUCT(area VARCHAR, depth VARCHAR, status VARCHAR)[],
                    achievements STRUCT(item VARCHAR, status VARCHAR)[],
                    projects STRUCT("role" VARCHAR, success BOOLEAN, activities VARCHAR[], satisfies VARCHAR[],
                        complexity VARCHAR[], assignments STRUCT("to" VARCHAR, coverage VARCHAR)[], status VARCHAR)[]),
                facility_management STRUCT(specialties STRUCT(area VARCHAR, depth VARCHAR, status VARCHAR)[],
                    achievements STRUCT(item VARCHAR, status VARCHAR)[],
                    projects STRUCT("role" VARCHAR, success BOOLEAN, activities VARCHAR[], satisfies VARCHAR[],
                        complexity VARCHAR[], sites BIGINT, floor_area_m2 BIGINT, network_sites BIGINT, partial BOOLEAN,
                        status VARCHAR)[]))'})),
    graded AS (
        SELECT candidate, {
            'exams': exams, 'leads_others': leads_others, 'develops_subordinates': develops_subordinates,
            'hw': {'handles': fields.hardware.handles, 'specialties': fields.hardware.specialties,
                'achievements': fields.hardware.achievements, 'projects': service_projects(fields.hardware.projects)},
            'sw': {'handles': fields.software.handles, 'specialties': fields.software.specialties,
                'achievements': fields.software.achievements, 'projects': service_projects(fields.software.projects)},
            'fm': {'specialties': fields.facility_management.specialties,
                'achievements': fields.facility_management.achievements,
                'projects': facility_projects(fields.facility_management.projects)}} AS c
        FROM stated),
    judged AS (
        SELECT candidate, complete(c, false) AS now, complete(c, true) AS later,
            passed(c.exams, false) AS exam, passed(c.exams, true) AS exam_later
        FROM graded)
    SELECT candidate, list_transform(now, lambda attained, n: verdict(
        attained, exam AND n IN (1, 4, 7), later[n] OR (exam_later AND n IN (1, 4, 7)))) AS verdicts
    FROM judged;
