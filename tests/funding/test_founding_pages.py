"""Every fact of the founding study stands on a page, beside the place in the source that tells it."""

import re
from html import unescape

import pytest

from partnerships.models import Identifier

PARIS, ROCHELLE = "/partenariats/paris-mexico/", "/partenariats/la-rochelle-campeche/"
ANGOULEME, BORDEAUX = "/partenariats/angouleme-zapopan/", "/partenariats/bordeaux-guanajuato/"
HOME, APD, CALLS = "/", "/apd/", "/financements/"
# page, what it says, the place in the study: the two stand beside each other
FACTS = [
    # The four partnerships
    (PARIS, "Deux capitales liées par un pacte d’amitié", "l. 1253-1257"),
    (PARIS, "Pacte d’amitié entre Paris et México", "l. 1253-1254"),
    (PARIS, "Participation à l’appel à projets franco-mexicain", "l. 1254-1255"),
    (PARIS, "actif jusqu’en 2017", "l. 1254-1257"),
    (PARIS, "Ralenti depuis 2018 : Dissolution du LabCDMX", "l. 1255-1257, 1286"),
    (PARIS, "raison : création ou disparition d’une structure du partenaire", "l. 1255-1257, 1286"),
    (PARIS, "Bogotá (2017)", "l. 1263-1268, 1638"),
    (PARIS, "Sur le sol français · 2017", "l. 1263-1268, 1636-1638"),
    (PARIS, "Oui, par une action sur le sol français : Aménagement tripartite", ""),
    (PARIS, "Multilatéral", ""),
    (ROCHELLE, "Estado de Campeche", "l. 614, 1052"),
    (ROCHELLE, "Accord « Campeche ville durable », signé devant les deux présidents", "l. 1079, 1426-1429"),
    (ROCHELLE, "Campeche, ville pilote de la coopération franco-mexicaine", "l. 1079, 1426-1434"),
    (ROCHELLE, "Horizon prévu du renouvellement des accords", "l. 1443-1447"),
    (ROCHELLE, "Actif depuis 15 juillet 2015", "l. 1079, 1426-1429"),
    (ANGOULEME, "Premier appel à projets franco-mexicain : début du partenariat", "l. 1111-1112"),
    (ANGOULEME, "FICOL, volet « Confluence créative »", "l. 1114-1129"),
    (ANGOULEME, "Technologies de l’image et bande dessinée", "l. 1109-1150"),
    (BORDEAUX, "Premier accord de coopération (2011-2014)", "l. 1157-1158"),
    (BORDEAUX, "Deuxième accord de coopération (2015-2019)", "l. 1157-1159, 1169"),
    (BORDEAUX, "Évaluation interne du deuxième accord", "l. 1169-1170"),
    (BORDEAUX, "Terminé depuis 2019 : Fin du deuxième accord", "l. 1159, 1169-1170"),
    # Details
    ("/collectivites/paris-217500016/", "C40 Cities", "l. 1233-1235"),
    ("/collectivites/paris-217500016/", "AL-LAs, alliance euro-latino-américaine", "l. 1257-1263"),
    ("/organisations/c40/", "Ciudad de México", "l. 1233-1235"),
    ("/organisations/al-las/", "Paris", "l. 1257-1263"),
    ("/organisations/al-las/", "créée en 2013 avec l’aide de Cités Unies France : dix villes", "l. 1258-1263"),
    ("/organisations/al-las/", "une dizaine de livrets thématiques", "l. 1258-1263"),
    (ROCHELLE, "Lettre d’intention des ministres des affaires étrangères", "l. 1050-1052"),
    (ROCHELLE, "patrimoine mondial de l’UNESCO, environ 220 000 habitants", "l. 1416-1447, 1513-1516"),
    (ROCHELLE, "Chiná, où se captent les eaux de pluie", "l. 1416-1447, 1513-1516"),
    (ROCHELLE, "Revitalisation du centre historique et outils de gestion des sols", "l. 1435-1440"),
    (ROCHELLE, "Livrée, sans suite", "l. 1439-1440, 1448-1450"),
    (ROCHELLE, "Réforme de la tarification publique de l’eau (CAPAE)", "l. 1441-1442, 1451-1465"),
    (ROCHELLE, "Déficit annuel de la CAPAE [1, l. 1454, 1464] 80 % non renseigné 20 %", "l. 1454, 1464"),
    (ROCHELLE, "Prix de l’eau (indice, ancien prix = 1) [1, l. 1457-1459] 1 non renseigné 20", "l. 1457-1459"),
    (ROCHELLE, "Écoquartier en périphérie de la ville", "l. 1443-1447"),
    (ROCHELLE, "Maison de l’eau", "l. 1444-1447, 1489-1491"),
    (ROCHELLE, "Mission économique de septembre 2016", "l. 1155-1157, 1167"),
    (ROCHELLE, "aucun contrat à la date de l’étude", "l. 1155-1157, 1167"),
    (ROCHELLE, "Ministère chargé du logement", "l. 1479"),
    (ROCHELLE, "Engie", "l. 1480, 1491-1492"),
    (ROCHELLE, "Veolia", "l. 1480, 1491-1492"),
    (ROCHELLE, "Universidad Autónoma de Campeche (Mexique, depuis : juin 2017)", "l. 1483-1485"),
    (ROCHELLE, "Bleu Versant", "l. 1485-1487"),
    (ROCHELLE, "INFOCAM", "l. 1167, 1410-1413, 1460"),
    (
        ROCHELLE,
        "l’une des quatre actions internationales de La Rochelle",
        "l. 1416-1447, 1513-1516",
    ),
    (ANGOULEME, "715 000,00 €", "l. 1114-1129"),
    (ANGOULEME, "Enseignement supérieur : un master", "l. 1129-1130"),
    (ANGOULEME, "Entrepreneuriat culturel", "l. 1131"),
    (ANGOULEME, "Maison d’auteurs à Zapopan", "l. 1131-1135"),
    (ANGOULEME, "Y voit d’abord du développement économique", "l. 616-617, 1111, 1135-1146"),
    (ANGOULEME, "le tissu social des quartiers défavorisés de Zapopan", "l. 616-617, 1146-1150"),
    (BORDEAUX, "en 2019, aucun lien formel n’avait été établi", "l. 1157-1161"),
    ("/partenariats/cannes-acapulco/", "Jumelage de Cannes et d’Acapulco de Juárez", "l. 971"),
    ("/partenariats/carcassonne-campeche/", "années 1990", "l. 970-972"),
    ("/partenariats/ile-de-france-santiago/", "Suspendu depuis 2016", "l. 938-956"),
    ("/partenariats/ile-de-france-santiago/", "raison : changement de majorité", "l. 938-956"),
    ("/partenariats/marseille-alger/", "Le Conseil d’État se prononce sur la convention", "l. 765-768"),
    # Conventions: the law
    (HOME, "objet, montant prévisionnel, entrée en vigueur dès la transmission au préfet", "l. 801-822, 844-845"),
    (HOME, "Les collectivités déclarent leur contribution à l’APD (art. L. 1115-6)", "l. 801-822, 844-845"),
    (HOME, "Annulation de conventions avec le Haut-Karabagh", "l. 823-827"),
    (HOME, "Loi « Letchimy »", "l. 793-795, 815"),
    (HOME, "Loi « Oudin-Santini »", "l. 847-849, 861"),
    (HOME, "Amendement « Pintat »", "l. 849-851, 863"),
    (HOME, "Le traitement des déchets a aussi son « 1 % »", "l. 849-851, 863"),
    (HOME, "Loi « Thiollière »", "l. 792-793, 814"),
    (HOME, "Loi MAPTAM", "l. 163-169, 801"),
    (HOME, "Jurisprudence Marseille – Alger", "l. 765-768"),
    ("/organisations/prefets/", "entre en vigueur dès qu’elle leur est transmise", "l. 819-827"),
    # Calls for projects
    (HOME, "Création de l’AMEXCID et du fonds conjoint franco-mexicain", "l. 984-988, 997, 1053-1057"),
    (
        HOME,
        "la part de l’État, limitée à 50 % du budget final",
        "l. 984-988, 997, 1053-1057",
    ),
    (HOME, "Sept éditions, une par an jusqu’en 2018", "l. 1000-1002"),
    (HOME, "Son huitième considérant nomme 50 municipios, la plupart du sud du Mexique", "l. 1091-1093, 1120"),
    (HOME, "Label PACT3 : 10 lauréats sur 13 candidats", "l. 1545-1553, 1559"),
    (APD, "Partenariats franco-mexicains cofinancés par le ministère, de 2012 à 2018 9", "l. 1002-1003"),
    (APD, "Plafond de la part de l’État dans le budget final d’un projet franco-mexicain 50,0 %", "l. 1055-1056"),
    (APD, "Municipios nommés par l’appel à projets franco-mexicain 2020-2021 50", "l. 1091-1093"),
    (APD, "Label PACT3, 2018 : lauréats 10", "l. 1552-1553"),
    (APD, "Label PACT3, 2018 : dossiers déposés 13", "l. 1552-1553"),
    (CALLS, "les candidats se renouvellent peu d’un appel à l’autre", "l. 1000-1003, 1055, 1606-1608"),
    (CALLS, "Première édition", "l. 1000-1003, 1055"),
    ("/organisations/daect/", "l’innovation, le développement durable, le climat", "1098-1100"),
    ("/organisations/daect/", "du poids aux objectifs de développement durable et à leur mesure", "1294-1299"),
    # APD figures
    (APD, "116 100 000,00 €", "l. 1008-1009"),
    (APD, "49 700 000,00 €", "l. 1009-1010"),
    (APD, "15,4 %", "l. 1009"),
    (APD, "-1,8 %", "l. 1010-1011"),
    (APD, "50 000 000,00 €", "l. 1011-1012"),
    (APD, "384 622 €", "l. 1003-1005"),
    (HOME, "384 622 €", "l. 1003-1005"),
    (APD, "10,0 %", "l. 1005-1006"),
    (APD, "53,0 %", "l. 905-908"),
    # Who acts
    ("/organisations/daect/", "issue d’un délégué créé en 1983 et rattachée depuis 2009", "l. 775-781"),
    ("/organisations/daect/", "Dépend de Ministère de l’Europe et des Affaires étrangères", ""),
    ("/organisations/amexcid/", "créée en 2011", "l. 986-999"),
    ("/organisations/sre/", "Ministère mexicain des relations extérieures", "l. 984-988, 1116"),
    ("/organisations/ambassade-de-france-au-mexique/", "met en relation les collectivités", "l. 178-181"),
    ("/organisations/cncd/", "réformée en 2014", "l. 1070-1073"),
    ("/organisations/cites-unies-france/", "anime des groupes-pays", "l. 673-675"),
    ("/organisations/groupe-pays-mexique/", "depuis les rencontres de Bordeaux en 2012", "l. 1016-1019"),
    ("/organisations/cglu/", "née en 2004", "l. 328-332"),
    ("/organisations/conago/", "un groupe y est consacré à la France depuis janvier 2017", "l. 1027-1031"),
    ("/organisations/afd/", "facilité de financement (FICOL)", "l. 1113-1117, 1129"),
    ("/organisations/rrma/", "créés dans les années 1990", "l. 868-874"),
    ("/organisations/arricod/", "label PACT3", "l. 1548-1551"),
    ("/organisations/cnfpt/", "label PACT3", "l. 1548-1551"),
    ("/organisations/c40/", "engagées contre le changement climatique", "l. 146-149"),
    ("/organisations/eurocities/", "créé en 1986", "l. 437-441"),
    ("/organisations/ademe/", "appui technique aux territoires", "l. 1405-1410"),
    ("/organisations/anct/", "appui technique aux territoires", "l. 1405-1410"),
    # Dates for a timeline
    (HOME, "Programme franco-mexicain de coopération municipale (PFMCM)", "l. 972-979"),
    (HOME, "Forum national de León", "l. 982-983"),
    (HOME, "140 participants", "l. 1013-1019"),
    (HOME, "Convention France-Mexique en soutien à l’action extérieure", "l. 1020-1022"),
    (HOME, "Séminaire de haut niveau, à Paris", "l. 1022-1026"),
    (HOME, "Déclaration conjointe des deux présidents", "l. 1045-1052, 1079"),
    (HOME, "La CONAGO crée un groupe consacré à la France", "l. 1027-1029"),
    (HOME, "Première réunion des deux groupes-pays, à Guanajuato", "l. 1030-1031"),
    (HOME, "Nouvel appel à projets franco-mexicain, 2020-2021", "l. 1091-1093, 1120"),
    # Recommendations that are data
    (ROCHELLE, "devenus spécialistes du grand cycle de l’eau en milieu tropical", "l. 1527-1541, 1627-1633"),
    (ROCHELLE, "Bilatéral", ""),
    (ROCHELLE, "Aucune action sur le sol français n’est enregistrée.", ""),
    (ROCHELLE, "Initiative externe : suscitée par les services de l’État", "l. 1426-1429"),
    (ROCHELLE, "7 familles d’acteurs", ""),
    (HOME, "Reflux des partenariats après les alternances locales", "l. 113-117, 938-960"),
]
# A code's source is its register, which stands before it.
CODES = [
    ("SIREN", "217500016", "Paris"),
    ("COG, commune", "75056", "Paris"),
    ("SIREN", "241700434", "CA de La Rochelle"),
    ("SIREN", "200071827", "CA du Grand Angoulême"),
    ("SIREN", "243300316", "Bordeaux Métropole"),
    ("SIREN", "210600292", "Cannes"),
    ("COG, commune", "06029", "Cannes"),
    ("SIREN", "211100698", "Carcassonne"),
    ("COG, commune", "11069", "Carcassonne"),
    ("INEGI", "09", "Ciudad de México"),
    ("INEGI", "04", "Estado de Campeche"),
    ("INEGI", "04002", "Campeche"),
    ("INEGI", "11", "Estado de Guanajuato"),
    ("INEGI", "11015", "Guanajuato"),
    ("INEGI", "14120", "Zapopan"),
    ("INEGI", "12001", "Acapulco de Juárez"),
]
BESIDE = 650  # characters


def words(client, address: str) -> str:
    """What a page says, without markup, its blanks as one space."""
    html = client.get(address).content.decode()
    return re.sub(r"\s+([.,)])", r"\1", " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split()))


@pytest.fixture(scope="module")
def read(founding):
    """Reads each page once: the cases do not change."""
    from django.test import Client

    pages: dict[str, str] = {}
    return lambda address: pages.setdefault(address, words(Client(), address))


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "told", "place"), FACTS)
def test_each_fact_stands_beside_its_source(read, address, told, place):
    page = read(address)
    spots = [found.start() for found in re.finditer(re.escape(told), page)]
    assert spots, page[:3000]
    around = [page[max(0, spot - BESIDE) : spot + BESIDE] for spot in spots]
    assert any(place in text for text in around), around


@pytest.mark.django_db
@pytest.mark.parametrize(("register", "code", "name"), CODES)
def test_each_code_stands_on_its_page_after_the_name_of_its_register(read, register, code, name):
    organisation = Identifier.objects.get(code=code, scheme__startswith=register[:3].lower()).organisation
    assert organisation.name == name
    assert f"{register} {code} " in read(organisation.get_absolute_url())


@pytest.mark.django_db
def test_a_sourceless_fact_would_be_seen(read):
    """The walk can fail: no such place stands beside that fact."""
    page = read(PARIS)
    spot = page.index("Bogotá (2017)")
    assert "l. 1439-1440" not in page[max(0, spot - BESIDE) : spot + BESIDE]
