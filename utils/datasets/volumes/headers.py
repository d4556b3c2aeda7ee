"""What in a header identifies a person."""

from collections.abc import Iterator, Mapping
from typing import Any

# Fields that the basic confidentiality profile of DICOM (PS3.15, annex E) has removed or replaced because they say who
# somebody is, where or when; beside these, every name of a person (PN) and every date (DA, DT).
IDENTIFYING = frozenset(
    """
    PatientName PatientID PatientBirthDate PatientBirthTime PatientBirthName PatientMotherBirthName OtherPatientIDs
    OtherPatientNames IssuerOfPatientID PatientAddress PatientTelephoneNumbers PatientTelecomInformation
    PatientInsurancePlanCodeSequence MedicalRecordLocator MilitaryRank BranchOfService CountryOfResidence
    RegionOfResidence Occupation PatientReligiousPreference PatientComments EthnicGroup AccessionNumber StudyID
    AdmissionID ServiceEpisodeID InstitutionName InstitutionAddress InstitutionalDepartmentName StationName
    DeviceSerialNumber ReferringPhysicianAddress ReferringPhysicianTelephoneNumbers PersonName PersonAddress
    PersonTelephoneNumbers PerformedProcedureStepID ScheduledProcedureStepID RequestedProcedureID
    PlacerOrderNumberImagingServiceRequest FillerOrderNumberImagingServiceRequest CurrentPatientLocation
    PatientInstitutionResidence ResponsibleOrganization ClinicalTrialSubjectID ImageComments AdditionalPatientHistory
    """.split()  # noqa: SIM905
)
LOWER = {name.lower(): name for name in IDENTIFYING} | {"dbname": "db_name"}  # db_name: of NIfTI, a patient's code


def personal(header: Mapping) -> tuple[str, ...]:
    """Names of the fields of a header that identify a person and hold something; never what they hold.

    Names, numbers and addresses of people, dates, places and devices; private fields, whose meaning only the maker of
    the scanner knows, as "private (gggg,eeee)". Not among them: sex, age, weight, and the UIDs, which lead back to a
    person only in the hospital's own archive, so that they too are replaced before data leave it.

    header: a ``pydicom.Dataset`` (sequences are looked into), or a mapping from names of fields to values, as NRRD
    files have it. The order is that of the header; each name once.
    """
    found = _of_dataset(header) if hasattr(header, "file_meta") or hasattr(header, "walk") else _of_mapping(header)
    return tuple(dict.fromkeys(found))


def _of_dataset(header: Any) -> Iterator[str]:
    from pydicom.datadict import keyword_for_tag

    for tag in list(header.keys()):
        try:
            element = header[tag]
            holds = str(element.value).strip("^ ") if element.VR != "SQ" else ""
        except Exception:  # a value that cannot be understood is one all the same
            if keyword_for_tag(tag) in IDENTIFYING:
                yield keyword_for_tag(tag)
            continue
        if element.VR == "SQ":
            for item in element.value:
                yield from _of_dataset(item)
        elif element.value in (None, "", b"") or not holds:
            continue
        elif element.tag.is_private:
            if not element.tag.is_private_creator:
                yield f"private ({element.tag.group:04x},{element.tag.element:04x})"
        elif element.VR in ("PN", "DA", "DT") or element.keyword in IDENTIFYING:
            yield element.keyword


def _of_mapping(header: Mapping) -> Iterator[str]:
    for name, value in header.items():
        known = LOWER.get("".join(filter(str.isalnum, str(name))).lower())
        if known and str(value).strip("^ \0"):
            yield str(name)
