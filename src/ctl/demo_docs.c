/* The documents of the sample data. Every title says that it is made up. */
#include "ctl/demo.h"

/* Adjacent strings make one document. */
static const char visit[] =
	"{\"name\":\"demo_visit\",\"audience\":\"customer\",\"public\":false,"
	"\"title\":{\"en\":\"Your visit (synthetic sample data)\","
	"\"es\":\"Su visita (datos de muestra)\","
	"\"pl\":\"Twoja wizyta (dane przyk\u0142adowe)\"},\"questions\":["
	"{\"name\":\"overall\",\"metric\":\"csat\",\"twin\":\"demo_team/overall\","
	"\"text\":{"
	"\"en\":\"How satisfied are you with your visit?\","
	"\"es\":\"\u00bfQu\u00e9 tan satisfecho est\u00e1 con su visita?\","
	"\"pl\":\"Jak oceniasz swoj\u0105 wizyt\u0119?\"}},"
	"{\"name\":\"recommend\",\"metric\":\"nps\","
	"\"twin\":\"demo_team/recommend\",\"text\":{"
	"\"en\":\"Would you recommend us?\",\"es\":\"\u00bfNos recomendar\u00eda?\","
	"\"pl\":\"Czy poleci\u0142by\u015b nas?\"}},"
	"{\"name\":\"effort\",\"metric\":\"ces\",\"twin\":\"demo_team/effort\","
	"\"text\":{"
	"\"en\":\"How easy was it?\",\"es\":\"\u00bfQu\u00e9 tan f\u00e1cil fue?\","
	"\"pl\":\"Jak \u0142atwo posz\u0142o?\"}},"
	"{\"name\":\"respect\",\"metric\":\"pulse\",\"twin\":\"demo_team/respect\","
	"\"text\":{\"en\":\"I was treated with respect.\","
	"\"es\":\"Me trataron con respeto.\","
	"\"pl\":\"Potraktowano mnie z szacunkiem.\"}},"
	"{\"name\":\"reason\",\"metric\":\"choice\","
	"\"options\":[\"staff\",\"speed\",\"price\",\"range\"],\"text\":{"
	"\"en\":\"What mattered most?\","
	"\"es\":\"\u00bfQu\u00e9 import\u00f3 m\u00e1s?\","
	"\"pl\":\"Co by\u0142o najwa\u017cniejsze?\"}}]}";
static const char team[] =
	"{\"name\":\"demo_team\",\"audience\":\"employee\",\"period\":\"month\","
	"\"title\":{\"en\":\"Your work (synthetic sample data)\"},\"questions\":["
	"{\"name\":\"voice\",\"metric\":\"pulse\","
	"\"text\":{\"en\":\"I can speak up without fear.\"}},"
	"{\"name\":\"respect\",\"metric\":\"pulse\","
	"\"text\":{\"en\":\"I am treated with respect.\"}},"
	"{\"name\":\"control\",\"metric\":\"pulse\","
	"\"text\":{\"en\":\"I decide how I do my work.\"}},"
	"{\"name\":\"overall\",\"metric\":\"csat\","
	"\"text\":{\"en\":\"How satisfied are you with your work?\"}},"
	"{\"name\":\"recommend\",\"metric\":\"nps\","
	"\"text\":{\"en\":\"Would you recommend working here?\"}},"
	"{\"name\":\"effort\",\"metric\":\"ces\","
	"\"text\":{\"en\":\"How easy is it to get things done?\"}}]}";
static const char units[] =
	"{\"units\":[{\"name\":\"demo\",\"title\":\"Sample organisation (synthetic)\"},"
	"{\"name\":\"demo/north\",\"title\":\"North (synthetic)\"},"
	"{\"name\":\"demo/north/harbour\",\"title\":\"Harbour (synthetic)\"},"
	"{\"name\":\"demo/north/market\",\"title\":\"Market (synthetic)\"},"
	"{\"name\":\"demo/south\",\"title\":\"South (synthetic)\"},"
	"{\"name\":\"demo/south/station\",\"title\":\"Station (synthetic)\"},"
	"{\"name\":\"demo/south/garden\",\"title\":\"Garden (synthetic)\"},"
	"{\"name\":\"demo/online\",\"title\":\"Online (synthetic)\"},"
	"{\"name\":\"demo/online/shop\",\"title\":\"Shop (synthetic)\"},"
	"{\"name\":\"demo/online/support\",\"title\":\"Support (synthetic)\"}]}";

const struct demo_document demo_documents[] = {
	{"/v1/surveys/" DEMO_SURVEY, visit},
	{"/v1/surveys/" DEMO_TEAM, team},
	{"/v1/units", units},
	{NULL, NULL},
};
