"""What a wrong row of a reference file says, on small files of a few rows."""

import csv
import gzip
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from partnerships.models import Country, Organisation


def by_code(code: str) -> Organisation:
    return Organisation.objects.get(identifiers__code=code)


SMALL = {
    "countries.csv": [
        "iso2,iso3,name_fr,name_es,name_en,zone",
        "FR,FRA,France,Francia,France,Europe occidentale",
        "MX,MEX,Mexique,México,Mexico,Amérique centrale",
    ],
    "french_collectivities.csv.gz": [
        "siren,kind,name,cog_commune,cog_departement,cog_region,departement,region,population",
        "200053759,region,Nouvelle-Aquitaine,,,75,,,",
        "241700434,ca,CA de La Rochelle,,,,17,75,",
    ],
    "mexican_authorities.csv.gz": ["inegi,kind,name,state,population", "04,mx_state,Estado de Campeche,,928363"],
    "purpose_codes.csv": ["code,parent,category,label_fr,label_en,withdrawn_on", "15112,,151,Décentralisation,D,"],
    "aid_types.csv": ["code,label_fr,label_en,withdrawn_on", "C01,Projet,Project,"],
    "finance_types.csv": ["code,label_fr,label_en,withdrawn_on", "110,Don,Grant,"],
    "flow_types.csv": ["code,label_fr,label_en,withdrawn_on", "10,APD,ODA,"],
    "channels.csv": ["code,parent,label_fr,label_en,withdrawn_on", "10000,,Public,Public,"],
    "dac_list.csv": ["iso2,dac_code,income_group,first_year,last_year,origin", "MX,358,UMIC,1990,,Liste de 2024"],
}


@pytest.fixture
def small(tmp_path):
    """A folder of a few right rows; returns a function that adds one to a file, and the folder."""

    def write(extra: dict[str, str]):
        (tmp_path / "reference").mkdir(exist_ok=True)
        for name, lines in SMALL.items():
            text = "\n".join([*lines, *([extra[name]] if name in extra else [])]) + "\n"
            path = tmp_path / "reference" / name
            path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
        return tmp_path

    return write


def test_a_small_folder_loads(db, small):
    call_command("load_reference", folder=small({}), stdout=StringIO())
    assert by_code("241700434").region.name == "Nouvelle-Aquitaine"


@pytest.mark.parametrize(
    ("file", "row", "message"),
    [
        ("countries.csv", "mx,MEX,Mexique,México,Mexico,", "line 4, column iso2: “mx” must be two capital letters"),
        ("countries.csv", "CL,CHL,Chili", "line 4: 3 cells where 6 are expected"),
        ("countries.csv", 'CL,CHL,"Chili,Chile,Chile,', "countries.csv: unexpected end of data"),
        ("french_collectivities.csv.gz", "217500017,ca,CA,,,,,,", "line 4, column siren: “217500017” must be a SIREN"),
        ("french_collectivities.csv.gz", "217500016,city,Paris,,,,,,", "line 4, column kind: “city” must be one of"),
        ("french_collectivities.csv.gz", "217500016,ca,CA,,,,,99,", "line 4, column region: “99” is unknown"),
        ("french_collectivities.csv.gz", "217500016,ca,CA,,,,,75,1e9", "line 4, column population: “1e9” must be"),
        ("french_collectivities.csv.gz", "241700434,ca,CA,,,,,,", "column siren: “241700434” is already on line 3"),
        ("mexican_authorities.csv.gz", "14120,mx_municipality,Zapopan,14,", "line 3, column state: “14” is unknown"),
        ("purpose_codes.csv", "15185,15199,151,Local,Local,", "line 3, column parent: “15199” is unknown"),
        ("flow_types.csv", "20,AASP,OOF,31/12/2015", "line 3, column withdrawn_on: “31/12/2015” must be a date"),
        ("dac_list.csv", "CL,434,UMIC,1990,2017,Sortie", "line 3, column iso2: “CL” is unknown"),
        ("dac_list.csv", "FR,999,UMIC,2010,2009,Sortie", "line 3, column last_year: “2009” comes before"),
        ("dac_list.csv", "FR,999,UMICs,1990,,Liste", "line 3, column income_group: “UMICs” must be one of"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_written(db, small, file, row, message):
    with pytest.raises(CommandError) as refusal:
        call_command("load_reference", folder=small({file: row}))
    assert file in str(refusal.value)
    assert message in str(refusal.value)
    assert not Organisation.objects.exists()
    assert not Country.objects.exists()


def test_the_wrong_columns_are_named(db, small, tmp_path):
    folder = small({})
    (folder / "reference/countries.csv").write_text("iso2,nom\nFR,France\n")
    with pytest.raises(CommandError, match=r"countries\.csv, line 1: the columns must be iso2,iso3,"):
        call_command("load_reference", folder=folder)


def test_a_missing_file_is_named(db, tmp_path):
    with pytest.raises(CommandError, match=r"countries\.csv"):
        call_command("load_reference", folder=tmp_path)


def test_the_readme_describes_every_file(settings):
    readme = (settings.BASE_DIR / "fixtures/README.md").read_text()
    for path in (settings.BASE_DIR / "fixtures").glob("*/*.*"):
        assert f"`{path.name}`" in readme, path


def test_reference_files_have_no_empty_or_padded_cell_text(settings):
    for path in (settings.BASE_DIR / "fixtures/reference").iterdir():
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(newline="") as file:
            assert all(cell == cell.strip() for row in csv.reader(file) for cell in row), path
