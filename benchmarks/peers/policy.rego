# The policy for Customer Service under its default readings: ten verdicts on the candidate that is the input.
package customer_service

import rego.v1

verdicts := [standing(level) | some level in levels]

# Levels: what each asks for.

levels := [
	{"field": "hardware", "level": 3, "projects": 1, "part": "took_part", "grade": 3, "depth": 1, "areas": {"product_technology", "first_contact", "advice"}},
	{"field": "hardware", "level": 4, "projects": 2, "part": "led", "grade": 3, "top": 4, "handles": true, "depth": 2, "areas": {"product_technology", "policy_selection_planning", "team_profitability", "customer_satisfaction"}, "succession": 1},
	{"field": "hardware", "level": 5, "projects": 3, "part": "led", "grade": 4, "top": 5, "leads": true, "handles": true, "depth": 3, "areas": {"general_it_components", "product_technology", "policy_selection_planning", "personnel_profitability", "customer_satisfaction"}, "succession": 3},
	{"field": "software", "level": 3, "projects": 1, "part": "took_part", "grade": 3, "depth": 1, "areas": {"failure_diagnosis", "first_contact", "advice"}},
	{"field": "software", "level": 4, "projects": 2, "part": "led", "grade": 3, "top": 4, "handles": true, "depth": 2, "areas": {"failure_diagnosis", "requirement_measures", "team_structure", "customer_satisfaction"}, "succession": 1},
	{"field": "software", "level": 5, "projects": 3, "part": "led", "grade": 4, "top": 5, "leads": true, "handles": true, "depth": 3, "areas": {"general_it_components", "failure_diagnosis", "service_planning", "personnel_profitability", "customer_satisfaction"}, "succession": 3},
	{"field": "facility_management", "level": 3, "projects": 1, "part": "took_part", "grade": 3, "depth": 1, "areas": {"facility_engineering", "advice"}},
	{"field": "facility_management", "level": 4, "projects": 2, "part": "led", "grade": 3, "top": 4, "depth": 2, "areas": {"facility_engineering", "personnel_profitability", "customer_satisfaction"}, "succession": 1},
	{"field": "facility_management", "level": 5, "projects": 3, "part": "led", "grade": 4, "top": 5, "leads": true, "depth": 3, "areas": {"facility_engineering", "facility_strategy", "personnel_profitability", "customer_satisfaction"}, "succession": 3},
	{"field": "facility_management", "level": 6, "projects": 3, "part": "led", "grade": 5, "top": 6, "leads": true, "depth": 4, "areas": {"facility_engineering", "facility_strategy", "personnel_profitability", "customer_satisfaction"}, "succession": 4},
]

depths := {"practice": 1, "guide_subordinates": 2, "guide_company": 3, "guide_industry": 4}

# Verdicts: views are "verified", and "confirmed", with every claim.

standing(level) := "attained" if {
	complete(level, "verified")
} else := "deemed" if {
	deemed(level, "verified")
} else := "pending" if {
	reached(level, "confirmed")
} else := "not_attained"

reached(level, view) if complete(level, view)

reached(level, view) if deemed(level, view)

deemed(level, view) if {
	level.level == 3
	some exam in input.exams
	name(exam, "exam") == "ap"
	counts(exam, view)
}

complete(level, view) if {
	specialised(level, view)
	projects_met(level, view)
	level.level == 3
}

complete(level, view) if {
	specialised(level, view)
	develops(view)
	leads(level, view)
	handles(level, view)
	count({item.item | some item in input.fields[level.field].achievements; counts(item, view)}) >= level.succession
	projects_met(level, view)
	top_met(level, view)
}

counts(_, "confirmed") := true

counts(item, "verified") if not claimed(item)

claimed(item) if item.status == "claimed"

name(item, _) := item if is_string(item)

name(item, key) := item[key] if is_object(item)

# Criteria.

specialised(level, view) if {
	some item in input.fields[level.field].specialties
	level.areas[item.area]
	depths[item.depth] >= level.depth
	counts(item, view)
}

develops(view) if {
	some item in input.develops_subordinates
	counts(item, view)
}

leads(level, _) if not level.leads

leads(level, _) if {
	level.leads
	input.leads_others == true
}

leads(level, view) if {
	level.leads
	is_object(input.leads_others)
	counts(input.leads_others, view)
}

handles(level, _) if not level.handles

handles(level, view) if {
	level.handles
	some item in input.fields[level.field].handles
	counts(item, view)
}

projects_met(level, view) if {
	found := [1 |
		some project in projects[level.field]
		project.grade >= level.grade
		project[level.part]
		counts(project, view)
	]
	count(found) >= level.projects
}

top_met(level, view) if {
	some project in projects[level.field]
	project.grade >= level.top
	project.led
	counts(project, view)
}

# Projects: the highest grade that each meets, and the candidate's part in it.

projects[field] := found if {
	some field in ["hardware", "software", "facility_management"]
	found := [project |
		some stated in input.fields[field].projects
		count(stated.activities) > 0
		stated.role
		complexity := count({criterion | some criterion in stated.complexity})
		complexity >= 2
		grade := graded(field, stated, complexity)
		project := {"grade": grade, "took_part": true, "led": led(stated), "status": object.get(stated, "status", "verified")}
	]
}

led(project) := true if {
	project.role == "responsible"
	project.success == true
	"usability" in project.satisfies
	"maintainability" in project.satisfies
} else := false

graded(field, project, complexity) := service_grade(project, complexity) if field != "facility_management"

graded("facility_management", project, complexity) := facility_grade(project, complexity)

service_grade(project, complexity) := 5 if {
	to_users(project)
} else := 5 if {
	to_wide_team(project)
	complexity >= 4
} else := 4 if {
	to_wide_team(project)
} else := 4 if {
	to_narrow_team(project)
	complexity >= 4
} else := 3 if {
	to_narrow_team(project)
}

to_users(project) if {
	some assignment in project.assignments
	assignment.to == "users"
}

to_wide_team(project) if {
	some assignment in project.assignments
	assignment.to == "service_team"
	assignment.coverage in {"wide_area", "specific_industry"}
}

to_narrow_team(project) if {
	some assignment in project.assignments
	assignment.coverage == "specific_users"
}

facility_grade(project, complexity) := 6 if {
	big(project)
} else := 6 if {
	middle(project)
	complexity >= 3
} else := 5 if {
	middle(project)
} else := 5 if {
	small(project, 10)
	complexity >= 3
} else := 4 if {
	small(project, 100)
} else := 4 if {
	project.partial == true
	complexity >= 3
} else := 3 if {
	project.partial == true
}

big(project) if project.sites >= 5

big(project) if project.floor_area_m2 >= 5000

big(project) if project.network_sites >= 300

middle(project) if {
	project.sites >= 3
	project.sites < 5
}

middle(project) if {
	project.floor_area_m2 >= 2000
	project.floor_area_m2 < 5000
}

middle(project) if {
	project.network_sites >= 100
	project.network_sites < 300
}

small(project, _) if project.sites < 2

small(project, _) if project.floor_area_m2 < 2000

small(project, network) if project.network_sites < network
